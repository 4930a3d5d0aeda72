import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { registerError } from '#src/bridge/error-classes.js'
import { decodeError, encodeThrown } from '#src/bridge/error-codec.js'
import {
  InvalidArgumentError,
  MultilaneError,
  ResultNotCloneableError,
  TaskThrewError,
} from '#src/core/errors.js'
import { thrownBy } from '../support/rejection.js'

const test = suite('bridge: errors of unusual shape')

/** An error as it arrives on another thread. */
function crossed(thrown: unknown): Error {
  return decodeError(structuredClone(encodeThrown(thrown)))
}

function causesOf(error: Error): Error[] {
  const chain = [error]
  for (let one = error.cause; one instanceof Error && !chain.includes(one); one = one.cause) chain.push(one)
  return chain
}

function throws(): never {
  throw new Error('from an accessor')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

test('a cause that leads back is still a cycle', () => {
  const a = new Error('a')
  const b = new TypeError('b', { cause: a })
  a.cause = b
  const arrived = crossed(a)
  assert.instance(arrived.cause, TypeError)
  assert.is((arrived.cause as Error).cause, arrived)
  const self = new Error('self')
  self.cause = self
  const arrivedSelf = crossed(self)
  assert.is(arrivedSelf.cause, arrivedSelf)
})

test('an error that two others share is still one', () => {
  const shared = new RangeError('shared')
  const arrived = crossed(new AggregateError([new Error('a', { cause: shared }), shared])) as AggregateError
  assert.is(arrived.errors[0].cause, arrived.errors[1])
})

test('the errors of an AggregateError arrive, those that are no errors too', () => {
  const error = new AggregateError(
    [new TypeError('a'), 'words', undefined, { a: 1 }, Object.assign(new Error('b'), { code: 'E_B' })],
    'several',
  )
  error.errors.push(error, () => {})
  const arrived = crossed(error) as AggregateError
  assert.instance(arrived, AggregateError)
  assert.is(arrived.message, 'several')
  const [first, words, nothing, plain, coded, self, call] = arrived.errors
  assert.instance(first, TypeError)
  assert.equal([words, nothing, plain], ['words', undefined, { a: 1 }])
  assert.equal([coded.message, coded.code], ['b', 'E_B'])
  assert.is(self, arrived)
  assert.is(call, 'a function')
})

test('a message of 10 MB arrives in full', () => {
  const message = 'x'.repeat(10 * 1024 * 1024)
  const arrived = crossed(new Error(message))
  assert.ok(arrived.message === message)
  assert.match(arrived.stack?.slice(message.length) ?? '', /^ *x*\n {4}at /)
})

test('a chain of 1,000 causes is cut, and its beginning arrives', () => {
  let error = new Error('0')
  for (let i = 1; i < 1000; i++) error = new Error(`${i}`, { cause: error })
  const chain = causesOf(crossed(error))
  assert.ok(chain.length >= 10 && chain.length <= 100, `${chain.length} arrived`)
  assert.equal(
    chain.slice(0, 3).map(one => one.message),
    ['999', '998', '997'],
  )
})

test('a tree of errors is cut in breadth too', () => {
  const grow = (depth: number): Error =>
    depth === 0 ? new Error('leaf') : new AggregateError(Array.from({ length: 12 }, () => grow(depth - 1)))
  const count = (error: unknown): number =>
    error instanceof Error ? 1 + ((error as AggregateError).errors ?? []).map(count).reduce(sum, 0) : 0
  const sum = (a: number, b: number): number => a + b
  assert.ok(count(crossed(grow(4))) <= 1000)
})

test('causes that are null, undefined or no errors stay what they are', () => {
  for (const cause of [null, undefined, 'words', 5, { a: 1 }]) {
    const arrived = crossed(new Error('x', { cause }))
    assert.ok(Object.hasOwn(arrived, 'cause'))
    assert.equal(arrived.cause, cause)
  }
  assert.not(Object.hasOwn(crossed(new Error('x')), 'cause'))
})

test('a field that cannot be cloned is described, and the others arrive', () => {
  const error = Object.assign(new Error('x'), { close: function shut() {}, list: [() => {}], status: 503 })
  const arrived = crossed(error)
  assert.is(arrived.message, 'x')
  assert.is(Reflect.get(arrived, 'status'), 503)
  assert.is(Reflect.get(arrived, 'close'), "a function 'shut'")
  assert.type(Reflect.get(arrived, 'list'), 'string')
})

test('a frozen error arrives, and whoever catches it may add to it', () => {
  const arrived = crossed(Object.freeze(Object.assign(new TypeError('x'), { code: 'E_X' })))
  assert.instance(arrived, TypeError)
  assert.is(Reflect.get(arrived, 'code'), 'E_X')
  assert.not(Object.isFrozen(arrived))
})

for (const key of ['message', 'stack', 'name', 'code', 'cause', 'errors']) {
  test(`an error whose ${key} cannot be read arrives as an error all the same`, () => {
    const error = Object.defineProperty(new AggregateError([], 'x'), key, { get: throws, enumerable: true })
    const arrived = crossed(error)
    assert.instance(arrived, AggregateError)
    if (key !== 'message') assert.is(arrived.message, 'x')
  })
}

test('a field that is an own __proto__ changes no prototype', () => {
  const error = new TypeError('x')
  Object.defineProperty(error, '__proto__', { value: { evil: true }, enumerable: true })
  const arrived = crossed(error)
  assert.is(Object.getPrototypeOf(arrived), TypeError.prototype)
  assert.is(Reflect.get(arrived, 'evil'), undefined)
})

test('a field that holds a revoked proxy, as libraries leave behind, does not lose the error', () => {
  assert.is(crossed(Object.assign(new TypeError('x'), { draft: revoked() })).message, 'x')
})

test('a field with an accessor that throws does not lose the error', () => {
  const row = Object.defineProperty({}, 'lazy', { get: throws, enumerable: true })
  assert.is(crossed(Object.assign(new TypeError('x'), { row })).message, 'x')
})

test('a proxy that refuses to be read arrives as some error', () => {
  for (const trap of ['get', 'ownKeys', 'getPrototypeOf', 'getOwnPropertyDescriptor']) {
    assert.instance(crossed(new Proxy(new Error('x'), { [trap]: throws })), Error, trap)
  }
  assert.instance(crossed(revoked()), Error)
})

test('an error of which a part refuses to be read arrives, with a text for that part', () => {
  for (const trap of ['ownKeys', 'getPrototypeOf']) {
    const refusing = new Proxy(new Error('x'), { [trap]: throws })
    const arrived = crossed(new TypeError('outer', { cause: refusing }))
    assert.instance(arrived, TypeError)
    assert.equal([arrived.message, typeof arrived.cause], ['outer', 'string'], trap)
    const members = crossed(
      new AggregateError([refusing, new Error('readable')], 'several'),
    ) as AggregateError
    assert.equal([members.message, typeof members.errors[0]], ['several', 'string'], trap)
    assert.is(members.errors[1].message, 'readable')
  }
})

test('what is thrown and is no error becomes one that carries it', () => {
  for (const value of ['words', 5, null, undefined, 12n, { code: 'E_X' }, [1, 2]]) {
    const arrived = crossed(value)
    assert.instance(arrived, TaskThrewError)
    assert.is((arrived as TaskThrewError).code, 'ERR_TASK_THREW')
    assert.equal((arrived as TaskThrewError).value, value)
  }
})

test('what is thrown, is no error and cannot be cloned says where', () => {
  for (const [value, path] of [
    [() => {}, 'thrown'],
    [Symbol('x'), 'thrown'],
    [{ a: [() => {}] }, 'thrown.a[0]'],
  ] as const) {
    const arrived = crossed(value)
    assert.instance(arrived, ResultNotCloneableError)
    assert.equal(
      [(arrived as MultilaneError).code, Reflect.get(arrived, 'path')],
      ['ERR_RESULT_NOT_CLONEABLE', path],
    )
  }
})

test('a DOMException arrives as one, with code, stack, cause and own fields', () => {
  const abort = new DOMException('the client has gone', 'AbortError')
  abort.cause = new TypeError('closed')
  const error = Object.assign(abort, { client: 7 })
  for (const arrived of [crossed(error), crossed(crossed(error))] as DOMException[]) {
    assert.is(Object.getPrototypeOf(arrived), DOMException.prototype)
    assert.equal([arrived.name, arrived.message, arrived.code], ['AbortError', 'the client has gone', 20])
    assert.is(arrived.stack, error.stack)
    assert.instance(arrived.cause, TypeError)
    assert.equal(Object.keys(arrived), ['client'])
    assert.is(Reflect.get(arrived, 'client'), 7)
  }
  const cause = thrownBy(() => structuredClone(() => {}), DOMException)
  const inner = crossed(new Error('x', { cause })).cause as DOMException
  assert.equal([inner.name, inner.code, inner.message], ['DataCloneError', 25, cause.message])
})

test('a registered class that extends DOMException arrives as itself', () => {
  class NetworkError extends DOMException {
    readonly host: string
    constructor(host: string) {
      super(`${host} is gone`, 'NetworkError')
      this.host = host
    }
  }
  const error = new NetworkError('a.example')
  const unregistered = crossed(error) as DOMException
  assert.is(Object.getPrototypeOf(unregistered), DOMException.prototype)
  assert.equal([unregistered.name, unregistered.code], ['NetworkError', 19])
  registerError(NetworkError)
  const arrived = crossed(error) as NetworkError
  assert.is(Object.getPrototypeOf(arrived), NetworkError.prototype)
  assert.equal([arrived.name, arrived.code, arrived.host], ['NetworkError', 19, 'a.example'])
})

test('a class that is built in may be registered, which changes nothing', () => {
  for (const errorClass of [Error, TypeError, AggregateError, DOMException]) registerError(errorClass)
  assert.is((crossed(new DOMException('x', 'TimeoutError')) as DOMException).code, 23)
})

test('what is no class of errors cannot be registered', () => {
  class Misnamed extends Error {
    static override readonly name = 5 as never
  }
  const others = [null, undefined, 5, 'Error', {}, class {}, () => 1, new Error('x'), Object, Date, Misnamed]
  for (const none of [...others, Error.prototype, Object.assign(() => {}, { prototype: revoked() })]) {
    const error = thrownBy(() => registerError(none as never), InvalidArgumentError)
    assert.is(error.option, 'errorClass')
  }
})

test('a registered class that computes its name from private fields arrives', () => {
  class SecretError extends Error {
    readonly #label: string = 'Secret'
    override get name(): string {
      return `${this.#label}Error`
    }
  }
  registerError(SecretError)
  const arrived = crossed(new SecretError('x'))
  assert.instance(arrived, SecretError)
  assert.equal([arrived.name, arrived.message], ['SecretError', 'x'])
})

test('two classes of one name cannot both be registered; one may be twice', () => {
  const make = () => class NameClash extends Error {}
  const [one, other] = [make(), make()]
  registerError(one)
  registerError(one)
  assert.throws(
    () => registerError(other),
    (error: unknown) => {
      return error instanceof MultilaneError && error.code === 'ERR_INVALID_ARG'
    },
  )
})

test.run()
