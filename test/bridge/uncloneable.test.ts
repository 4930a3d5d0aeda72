import { MessageChannel } from 'node:worker_threads'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { pathToUncloneable } from '#src/bridge/uncloneable.js'

const test = suite('bridge: the path to what cannot be cloned')

const call = () => {}

function throws(): never {
  throw new TypeError('from an accessor')
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

class Point {
  readonly x = 1
  onMove = call
}

/** An object with one field, which cannot be read. */
function unreadable(key: string | symbol): object {
  return Object.defineProperty({}, key, { get: throws, enumerable: true })
}

const FOUND: readonly (readonly [string, unknown])[] = [
  ['v', call],
  ['v', Symbol('mark')],
  ['v', new WeakMap()],
  ['v', Promise.resolve()],
  ['v.a', { a: call }],
  ['v[1]', [1, call, 2]],
  ['v[0].a[2].b', [{ a: [1, 2, { b: call }] }]],
  ["v.get('a')", new Map<string, unknown>([['a', call]])],
  ["v.get('a').b", new Map([['a', { b: call }]])],
  ['v.keys()[0]', new Map<unknown, unknown>([[call, 3]])],
  ['v.values()[0]', new Map([[5, call]])],
  ['v.values()[1].a', new Set([1, { a: call }])],
  ['v.onMove', new Point()],
  ['v.a.onMove', Object.assign(Object.create(null), { a: new Point() })],
]

for (const [path, value] of FOUND) {
  test(`it is found: ${path} in ${Object.prototype.toString.call(value)}`, () => {
    assert.is(pathToUncloneable(value, 'v'), path)
  })
}

test('what can be cloned has no such path', () => {
  fc.assert(
    fc.property(
      fc.anything({ withDate: true, withMap: true, withSet: true, withTypedArray: true, withBigInt: true }),
      value => {
        assert.is(pathToUncloneable(value, 'v'), undefined)
      },
    ),
  )
  for (const value of [new Error('x'), /x/, new SharedArrayBuffer(8), new ArrayBuffer(8), new (class {})()]) {
    assert.is(pathToUncloneable(value, 'v'), undefined)
  }
})

test('the path leads to a function wherever it was put', () => {
  const step = fc.oneof(fc.constantFrom('a', 'b'), fc.nat(3))
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), steps => {
      const value = steps.reduceRight<unknown>((inner, one) => {
        if (typeof one === 'string') return { before: 1, [one]: inner }
        return Array.from({ length: one + 2 }, (_, i) => (i === one ? inner : i))
      }, call)
      const path = steps.map(one => (typeof one === 'string' ? `.${one}` : `[${one}]`)).join('')
      assert.is(pathToUncloneable(value, 'v'), `v${path}`)
    }),
  )
})

test('a cycle is walked once', () => {
  const value: Record<string, unknown> = { list: [] }
  value.self = value
  ;(value.list as unknown[]).push(value, value.list)
  assert.is(pathToUncloneable(value, 'v'), undefined)
  value.last = call
  assert.is(pathToUncloneable(value, 'v'), 'v.last')
})

test('beyond the depth it looks at, it still says that something is wrong', () => {
  let deep: unknown = call
  for (let i = 0; i < 200; i++) deep = [deep]
  assert.is(pathToUncloneable(deep, 'v'), 'v')
})

test('what is handed over need not be cloneable, at any depth', () => {
  const { port1, port2 } = new MessageChannel()
  try {
    assert.is(pathToUncloneable(port1, 'v'), 'v')
    assert.is(pathToUncloneable(port1, 'v', [port1]), undefined)
    assert.is(pathToUncloneable({ a: [port1], b: call }, 'v', [port1]), 'v.b')
    assert.is(pathToUncloneable({ a: port1, b: port2 }, 'v', [port1]), 'v.b')
    assert.is(pathToUncloneable({ a: [port1] }, 'v', [port1]), undefined)
  } finally {
    port1.close()
  }
})

test('an accessor that throws is what cannot be cloned', () => {
  const value = { fine: 1, bad: unreadable('x') }
  assert.is(pathToUncloneable(value, 'v'), 'v.bad.x')
})

test('an accessor that throws does not hide what comes after it, nor does it throw', () => {
  const value = Object.assign(unreadable('a'), { b: call })
  assert.ok(['v.a', 'v.b'].includes(pathToUncloneable(value, 'v') ?? ''))
})

for (const [what, odd] of [
  ['a revoked proxy of an object', revoked({})],
  ['a revoked proxy of an array', revoked([])],
  ['a revoked proxy of a function', revoked(call)],
  ['a proxy whose keys cannot be read', new Proxy({}, { ownKeys: throws })],
  ['an object whose tag cannot be read', Object.assign(unreadable(Symbol.toStringTag), { a: call })],
] as const) {
  test(`it does not throw: ${what}`, () => {
    const alone = pathToUncloneable(odd, 'v')
    assert.ok(alone?.startsWith('v'), `alone: ${alone}`)
    const inside = pathToUncloneable({ fine: [1], odd }, 'v')
    assert.ok(inside?.startsWith('v.odd'), `inside: ${inside}`)
  })
}

test.run()
