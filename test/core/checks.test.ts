import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { finiteAtLeast, integerWithin, knownKeys, oneOf, plainObject } from '#src/core/checks.js'
import { InvalidArgumentError } from '#src/core/errors.js'
import { thrownBy } from '../support/rejection.js'

const test = suite('core: checks of options')

const NOT_NUMBERS = [undefined, null, '5', '', true, 5n, [], [5], {}, () => 5, Symbol('5'), new Number(5)]
const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]

/** Asserts that a check refuses with the option's name, as field and in the message. */
function refuses(option: string, check: () => unknown): InvalidArgumentError {
  const error = thrownBy(check, InvalidArgumentError)
  assert.is(error.code, 'ERR_INVALID_ARG')
  assert.is(error.option, option)
  assert.ok(error.message.startsWith(`${option} must be `), error.message)
  return error
}

test('a finite number of at least the least is returned as it is', () => {
  fc.assert(
    fc.property(fc.double({ min: -5, max: 1e300, noNaN: true }), value => {
      assert.is(finiteAtLeast('grace', value, -5), value)
    }),
  )
  assert.is(finiteAtLeast('grace', 0, 0), 0)
})

test('NaN, infinities, too small ones and what is no number are refused as a finite number', () => {
  for (const value of [...NOT_NUMBERS, ...NOT_FINITE, -1, -Number.MIN_VALUE]) {
    refuses('lanes.bulk.grace', () => finiteAtLeast('lanes.bulk.grace', value, 0))
  }
})

test('an integer within the bounds is returned as it is, the bounds included', () => {
  for (const value of [1, 2, 256]) assert.is(integerWithin('threads', value, 1, 256), value)
})

test('fractions, NaN, infinities, what is outside and what is no number are refused as an integer', () => {
  for (const value of [...NOT_NUMBERS, ...NOT_FINITE, 1.5, 0, -1, 257, 2 ** 53]) {
    refuses('threads', () => integerWithin('threads', value, 1, 256))
  }
  assert.match(
    refuses('threads', () => integerWithin('threads', -3, 1, 256)).message,
    /an integer from 1 to 256, not -3$/,
  )
})

test('one of the names allowed is returned, and no other', () => {
  const allowed = ['nice', 'idle'] as const
  assert.is(oneOf('os', 'idle', allowed), 'idle')
  for (const value of ['Nice', '', 'constructor', 0, undefined, null, ['nice'], new String('nice')]) {
    const { message } = refuses('os', () => oneOf('os', value, allowed))
    assert.match(message, /^os must be one of 'nice', 'idle', not /)
  }
})

test('an object is returned as it is; null, arrays and all else are refused', () => {
  for (const value of [{}, { a: 1 }, Object.create(null)]) assert.is(plainObject('queue', value), value)
  for (const value of [null, undefined, [], 'queue', 5, () => ({}), Symbol('queue')]) {
    refuses('queue', () => plainObject('queue', value))
  }
})

test('an unknown key is refused by its path, with what there is', () => {
  knownKeys('lanes.bulk', { threads: 1 }, ['threads', 'grace'])
  const { message } = refuses('lanes.bulk.thread', () =>
    knownKeys('lanes.bulk', { thread: 1 }, ['threads', 'grace']),
  )
  assert.match(message, /threads, grace/)
  refuses('lane', () => knownKeys('', { lane: {} }, ['lanes']))
  refuses('queue.constructor', () => knownKeys('queue', { constructor: 1 }, ['limit']))
})

test.run()
