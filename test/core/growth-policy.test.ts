import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { GROW_AFTER_MS, GrowthPolicy } from '#src/core/growth-policy.js'

const test = suite('core: when a lane is to grow')

const NEVER = Number.POSITIVE_INFINITY
const since = (instant: number) => () => instant
const REST = { grow: false, lookAt: NEVER }

/** A lane of one thread that has had it for long, and a burst submitted at 1,000. */
function setUp(max = 3) {
  const policy = new GrowthPolicy(max)
  assert.is(policy.flushed(0, 1, false), NEVER)
  const lookAt = policy.flushed(1000, 1, true)
  return { policy, lookAt }
}

test('it looks once after a burst, and rests if nothing waits by then', () => {
  const { policy, lookAt } = setUp()
  assert.is(lookAt, 1000 + GROW_AFTER_MS)
  assert.is(policy.flushed(1001, 1, true), NEVER, 'one look is ahead already')
  assert.equal(policy.look(lookAt, since(NEVER)), REST)
  assert.is(policy.flushed(2000, 1, true), 2000 + GROW_AFTER_MS)
})

test('what has waited for long enough makes it grow, again and again', () => {
  const { policy, lookAt } = setUp()
  const first = policy.look(lookAt, since(1000))
  assert.equal(first, { grow: true, lookAt: lookAt + GROW_AFTER_MS })
  assert.is(policy.look(first.lookAt, since(1000)).grow, true)
})

test('a flow in which nothing waits for long does not', () => {
  let { policy, lookAt } = setUp()
  for (let i = 0; i < 100; i++) {
    const decision = policy.look(lookAt, since(lookAt - GROW_AFTER_MS / 2))
    assert.equal(decision, { grow: false, lookAt: lookAt + GROW_AFTER_MS / 2 })
    lookAt = decision.lookAt
  }
})

test('waiting counts from when the latest thread joined', () => {
  const { policy, lookAt } = setUp()
  policy.flushed(lookAt - 5, 2, true)
  assert.equal(policy.look(lookAt, since(1000)), { grow: false, lookAt: lookAt - 5 + GROW_AFTER_MS })
  assert.is(policy.look(lookAt - 5 + GROW_AFTER_MS, since(1000)).grow, true)
})

test('without a thread nothing is asked for, nor with as many as there may be', () => {
  const none = new GrowthPolicy(3)
  assert.is(none.flushed(1000, 0, true), NEVER)
  const { policy, lookAt } = setUp(2)
  policy.flushed(lookAt - 1, 2, true)
  assert.equal(policy.look(lookAt, since(1000)), REST)
  assert.is(policy.flushed(lookAt + 1, 2, true), NEVER)
  assert.is(policy.flushed(lookAt + 2, 1, true), lookAt + 2 + GROW_AFTER_MS, 'one was lost')
})

test('a look that comes late is repeated, once', () => {
  const { policy, lookAt } = setUp()
  const late = lookAt + 100
  const decision = policy.look(late, since(1000))
  assert.equal(decision, { grow: false, lookAt: late + GROW_AFTER_MS })
  assert.is(policy.look(decision.lookAt + 100, since(1000)).grow, true)
})

test('the next look is always ahead, whatever rounding does', () => {
  // Less than the time apart, and equal when it is added.
  const oldest = 1016.7579829730813
  const now = oldest + GROW_AFTER_MS
  assert.ok(now - oldest < GROW_AFTER_MS)
  const policy = new GrowthPolicy(3)
  policy.flushed(0, 1, false)
  policy.flushed(oldest, 1, true)
  assert.ok(policy.look(now, since(oldest)).lookAt > now)
})

test('the search for the oldest may stop at any that has waited for long enough', () => {
  const { policy, lookAt } = setUp()
  let enough = Number.NaN
  policy.look(lookAt, given => {
    enough = given
    return NEVER
  })
  assert.is(enough, lookAt - GROW_AFTER_MS)
})

test.run()
