import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EncodedError, encodeError } from '#src/bridge/error-codec.js'
import { Failure } from '#src/bridge/failure.js'
import { withMadeStacks } from '../support/made-stacks.js'
import { reasonOf, rejectionOf } from '../support/rejection.js'

const test = suite('bridge: failures')

/** A promise, and what resolves it, as a sender keeps for a task. */
function pending(): { promise: Promise<unknown>; resolve: (outcome: unknown) => void } {
  let resolve: (outcome: unknown) => void = () => {}
  const promise = new Promise<unknown>(settle => {
    resolve = settle
  })
  return { promise, resolve }
}

function thrownElsewhere(): EncodedError {
  return structuredClone(encodeError(new RangeError('from another thread')))
}

test('a promise resolved with a failure rejects with its error', async () => {
  const error = new TypeError('from here')
  const { promise, resolve } = pending()
  resolve(Failure.of(error))
  assert.is(await reasonOf(promise), error)
})

test('any value may be the reason, as with an AbortSignal', async () => {
  for (const reason of ['words', undefined, null, 5]) {
    const { promise, resolve } = pending()
    resolve(Failure.of(reason))
    assert.is(await reasonOf(promise), reason)
  }
})

test('an error from another thread is put together again', async () => {
  const { promise, resolve } = pending()
  resolve(Failure.remote(thrownElsewhere()))
  const error = await rejectionOf(promise, RangeError)
  assert.is(error.message, 'from another thread')
  assert.match(error.stack ?? '', /^RangeError: from another thread\n {4}at thrownElsewhere/)
})

test('its stack ends with the asynchronous frames of the one who awaited it', async () => {
  const { promise, resolve } = pending()
  async function innerCaller(): Promise<unknown> {
    return await promise
  }
  async function outerCaller(): Promise<unknown> {
    const value = await innerCaller()
    return value
  }
  const reason = rejectionOf(outerCaller(), RangeError)
  resolve(Failure.remote(thrownElsewhere()))
  const { stack = '' } = await reason
  const order = ['at thrownElsewhere', 'at [another thread]', 'at async innerCaller', 'at async outerCaller']
  const places = order.map(frame => stack.indexOf(frame))
  assert.ok(!places.includes(-1), stack)
  assert.equal(
    [...places].sort((a, b) => a - b),
    places,
  )
  assert.not.match(stack, /node:internal/)
})

test('what the program has made of stacks on this thread keeps no error from arriving', async () => {
  const encoded = thrownElsewhere()
  await withMadeStacks(() => {
    const error = Failure.remote(encoded).error() as RangeError
    assert.instance(error, RangeError)
    assert.is(error.message, 'from another thread')
    assert.match(error.stack ?? '', /^RangeError: from another thread\n {4}at thrownElsewhere/)
    assert.not.match(error.stack ?? '', 'another thread]')
  })
})

test('each look puts together an error of its own, so that no caller writes into the stack of another', () => {
  const failure = Failure.remote(thrownElsewhere())
  assert.is.not(failure.error(), failure.error())
})

test('nothing is put together unless somebody looks', async () => {
  let looks = 0
  const watched = new Proxy(thrownElsewhere(), {
    get(target, key) {
      looks++
      return Reflect.get(target, key)
    },
  })
  const failure = Failure.remote(watched)
  await new Promise(resolve => setImmediate(resolve))
  assert.is(looks, 0)
  failure.error()
  assert.ok(looks > 0)
})

test('an error is made when somebody looks, and once', async () => {
  let made = 0
  const failure = Failure.later(() => new RangeError(`made ${++made}`))
  await new Promise(resolve => setImmediate(resolve))
  assert.is(made, 0)
  const { promise, resolve } = pending()
  resolve(failure)
  const error = await rejectionOf(promise, RangeError)
  assert.is(error.message, 'made 1')
  assert.is(failure.error(), error)
})

test('what comes of another failure has its error as cause, at the end of a chain of any length too', () => {
  let made = 0
  let failure = Failure.remote(thrownElsewhere())
  for (let i = 1; i <= 100_000; i++)
    failure = Failure.dueTo(failure, cause => new Error(`${++made}`, { cause }))
  assert.is(made, 0)
  const error = failure.error() as Error
  assert.is(error.message, '100000')
  assert.is(failure.error(), error)
  let last: unknown = error
  let length = 0
  for (; last instanceof Error && last.cause !== undefined; length++) last = last.cause
  assert.is(length, 100_000)
  assert.instance(last, RangeError)
  assert.is(Failure.dueTo({ error: () => 'planted' }, cause => cause).error(), 'planted')
})

test('a failure nobody awaits is not an unhandled rejection', async () => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => {
    unhandled.push(reason)
  }
  process.on('unhandledRejection', note)
  Failure.of(new Error('of no interest'))
  Failure.remote(thrownElsewhere())
  await new Promise(resolve => setImmediate(resolve))
  process.off('unhandledRejection', note)
  assert.equal(unhandled, [])
})

test.run()
