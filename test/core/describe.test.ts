import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { describe, messageOf, TaskThrewError, textOf } from '#src/core/errors.js'

const test = suite('core: describing a value')

function revoked(target: object): unknown {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function throws(): never {
  throw new Error('from a trap')
}

test('each kind of value has a rendering', () => {
  assert.equal(['words', 5, -0, Number.NaN, 12n, true, null, undefined, Symbol('mark')].map(describe), [
    "'words'",
    '5',
    '0',
    'NaN',
    '12',
    'true',
    'null',
    'undefined',
    'Symbol(mark)',
  ])
  assert.is(
    describe(function quote() {}),
    "a function 'quote'",
  )
  assert.is(
    describe(() => {}),
    'a function',
  )
  assert.equal([[], {}, new Map(), new Error('x')].map(describe), [
    'an array',
    'an object',
    'an object',
    'an object',
  ])
})

test('a long string is cut', () => {
  const text = describe('x'.repeat(1000))
  assert.ok(text.length < 60 && text.endsWith("…'"), text)
})

test('any value at all is described in a few words', () => {
  fc.assert(
    fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withSparseArray: true }), value => {
      assert.ok(describe(value).length <= 200)
    }),
  )
})

const LONG = 'x'.repeat(10_000)

const ODD: readonly (readonly [string, unknown])[] = [
  ['an object without a prototype', Object.create(null)],
  ['an object whose toString throws', { toString: throws, [Symbol.toPrimitive]: throws }],
  ['a revoked proxy of an object', revoked({})],
  ['a revoked proxy of an array', revoked([])],
  ['a revoked proxy of a function', revoked(() => {})],
  ['a proxy whose traps throw', new Proxy({}, { get: throws, getPrototypeOf: throws, ownKeys: throws })],
  ['a function whose name throws', Object.defineProperty(() => {}, 'name', { get: throws })],
  ['a function whose name is a symbol', Object.defineProperty(() => {}, 'name', { value: Symbol('mark') })],
  [
    'a function whose name is an object',
    Object.defineProperty(() => {}, 'name', { value: { toString: throws } }),
  ],
  ['a function with a very long name', Object.defineProperty(() => {}, 'name', { value: LONG })],
  ['a symbol with a very long description', Symbol(LONG)],
  ['a very long integer', 10n ** 5000n],
]

for (const [what, value] of ODD) {
  test(`it does not throw, and is not long: ${what}`, () => {
    const text = describe(value)
    assert.type(text, 'string')
    assert.ok(text.length <= 200, `${text.length} characters`)
  })
}

test('what is thrown has a text, whatever it is', () => {
  for (const [what, value] of ODD) {
    assert.type(textOf(value), 'string', what)
    assert.type(messageOf(value), 'string', what)
  }
  const error = new TypeError('planted')
  assert.equal([textOf(error), messageOf(error)], ['TypeError: planted', 'planted'])
  assert.equal([textOf('words'), messageOf('words')], ['words', 'words'])
  assert.is(messageOf(Object.defineProperty(new Error('x'), 'message', { get: throws })), 'an object')
})

test('an error about an odd value can be made', () => {
  for (const [, value] of ODD) assert.is(new TaskThrewError(value).value, value)
})

test.run()
