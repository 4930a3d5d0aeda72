import { isDeepStrictEqual } from 'node:util'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { registerError } from '#src/bridge/error-classes.js'
import { decodeError, encodeThrown } from '#src/bridge/error-codec.js'
import {
  ClosedError,
  InvalidArgumentError,
  LaneError,
  MultilaneError,
  NotCloneableError,
  QueueFullError,
  ResultNotCloneableError,
  TaskCanceledError,
  TaskLoadError,
  TaskThrewError,
  TaskTimeoutError,
  UnknownTaskError,
} from '#src/core/errors.js'

const test = suite('bridge: errors there and back')

class PaymentError extends Error {
  override name = 'PaymentError'
  get isRetryable(): boolean {
    return true
  }
}
class CardError extends PaymentError {}
registerError(PaymentError)

/** An error as it arrives on another thread. */
function crossed(thrown: unknown): Error {
  return decodeError(structuredClone(encodeThrown(thrown)))
}

const BUILT_IN = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  PaymentError,
]
const HANDLED = ['stack', 'message', 'name', 'cause', 'errors', '__proto__']
const plain = fc.oneof(
  fc.anything({ withMap: true, withSet: true, withBigInt: true, maxDepth: 2 }),
  fc.date({ noInvalidDate: true }),
)

interface Recipe {
  readonly make: (typeof BUILT_IN)[number]
  readonly message: string
  readonly code: string | undefined
  readonly fields: Readonly<Record<string, unknown>>
  readonly cause: Recipe | { readonly value: unknown } | undefined
}

const { recipe } = fc.letrec<{ recipe: Recipe }>(tie => ({
  recipe: fc.record({
    make: fc.constantFrom(...BUILT_IN),
    message: fc.oneof(fc.string(), fc.constantFrom('', 'a\nb', 'x\n    at nowhere (file:1:1)', '\ud800')),
    code: fc.option(fc.string(), { nil: undefined }),
    fields: fc.dictionary(
      fc.string().filter(key => !HANDLED.includes(key)),
      plain,
      { maxKeys: 4 },
    ),
    cause: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constant(undefined),
      plain.map(value => ({ value })),
      tie('recipe'),
    ),
  }),
}))

function build({ make, message, code, fields, cause }: Recipe): Error {
  const error = new make(message)
  Object.assign(error, fields, code === undefined ? {} : { code })
  if (cause !== undefined) error.cause = 'make' in cause ? build(cause) : cause.value
  return error
}

/** Whether two values show the same to whoever catches them. */
function assertSame(actual: unknown, expected: unknown): void {
  if (!(expected instanceof Error)) {
    assert.ok(isDeepStrictEqual(actual, structuredClone(expected)))
    return
  }
  assert.instance(actual, Error)
  const error = actual as Error
  assert.is(Object.getPrototypeOf(error), Object.getPrototypeOf(expected))
  assert.equal([error.message, error.name, error.stack], [expected.message, expected.name, expected.stack])
  const keys = (of: Error): string[] => Object.getOwnPropertyNames(of).filter(key => key !== 'name')
  assert.equal(keys(error).sort(), keys(expected).sort())
  for (const key of keys(expected)) {
    if (!['stack', 'message'].includes(key)) assertSame(Reflect.get(error, key), Reflect.get(expected, key))
  }
}

test('class, message, stack, code, own fields and causes arrive as they left', () => {
  fc.assert(
    fc.property(recipe, one => {
      const error = build(one)
      assertSame(crossed(error), error)
      // And once more, as from a lane to a lane.
      assertSame(crossed(crossed(error)), error)
    }),
    { numRuns: 400 },
  )
})

test('every error of the library arrives whole', () => {
  const cause = new RangeError('why')
  const errors: MultilaneError[] = [
    new ClosedError(),
    new InvalidArgumentError('threads', 'a number', 'many'),
    new LaneError('ERR_LANE_EXITED', 'bulk', 'gone', { exitCode: 3, holders: ['a'], cause }),
    new MultilaneError('ERR_PROTOCOL', 'versions differ', { cause }),
    new NotCloneableError('args[0]', { cause }),
    new QueueFullError('bulk', 5),
    new ResultNotCloneableError('result', { cause }),
    new TaskCanceledError('quote', cause),
    new TaskLoadError('no such file', cause),
    new TaskThrewError({ some: 'value' }),
    new TaskTimeoutError('quote', 'deadline'),
    new UnknownTaskError('qoute', ['quote']),
  ]
  for (const error of errors) {
    const arrived = crossed(error)
    assert.is(arrived.constructor, error.constructor)
    assert.is((arrived as MultilaneError).code, error.code)
    assert.is(arrived.message, error.message)
    assert.is(arrived.name, error.name)
    for (const key of Object.keys(error)) {
      const [there, here] = [Reflect.get(arrived, key), Reflect.get(error, key)]
      if (here instanceof Error) assert.instance(there, here.constructor as typeof Error)
      else assert.equal(there, here, key)
    }
    if (error.cause !== undefined) assert.instance(arrived.cause, RangeError)
  }
})

test('a registered class arrives as itself, with what its prototype has', () => {
  const arrived = crossed(new PaymentError('declined'))
  assert.instance(arrived, PaymentError)
  assert.is((arrived as PaymentError).isRetryable, true)
})

test('a class that is not registered arrives as its nearest registered ancestor, under its own name', () => {
  class QuotaError extends RangeError {
    override name = 'QuotaError'
    readonly quota = 5
  }
  const quota = crossed(new QuotaError('over'))
  assert.is(Object.getPrototypeOf(quota), RangeError.prototype)
  assert.equal([quota.name, Reflect.get(quota, 'quota')], ['QuotaError', 5])
  assert.is(Object.getPrototypeOf(crossed(new CardError('declined'))), PaymentError.prototype)
})

test('the stack ends with the frames of where it was thrown, and begins with name and message', () => {
  function whereItHappened(): Error {
    return new TypeError('two\nlines')
  }
  const { stack } = crossed(whereItHappened())
  assert.match(stack ?? '', /^TypeError: two\nlines\n {4}at whereItHappened/)
})

test('message, stack and cause do not show among the enumerable fields; other fields do', () => {
  const error = Object.assign(new Error('x', { cause: new Error('y') }), { code: 'E_X', detail: 5 })
  assert.equal(Object.keys(crossed(error)).sort(), ['code', 'detail'])
})

test.run()
