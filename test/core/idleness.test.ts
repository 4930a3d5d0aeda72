import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Idleness } from '#src/core/idleness.js'

const test = suite('core: how long a thread has been idle')

const quiet = (started: number) => ({ started, busy: false })
const busy = (started: number) => ({ started, busy: true })

test('at first sight nothing is known', () => {
  const idleness = new Idleness<string>()
  assert.is(idleness.look('a', quiet(5), 1000), -1)
  assert.is(idleness.look('a', quiet(5), 1010), 10)
  assert.is(idleness.look('b', quiet(5), 1010), -1)
})

test('a task between two looks, or one in progress, begins it anew', () => {
  const idleness = new Idleness<string>()
  idleness.look('a', quiet(5), 1000)
  assert.is(idleness.look('a', quiet(6), 1010), -1)
  assert.is(idleness.look('a', quiet(6), 1015), 5)
  assert.is(idleness.look('a', busy(6), 1020), -1)
  assert.is(idleness.look('a', quiet(6), 1030), 10)
})

test('a count that has wrapped around is another count', () => {
  const idleness = new Idleness<string>()
  idleness.look('a', quiet(2 ** 31 - 1), 1000)
  assert.is(idleness.look('a', quiet(-(2 ** 31)), 1010), -1)
})

test('what is not kept is forgotten', () => {
  const idleness = new Idleness<string>()
  for (const thread of ['a', 'b']) idleness.look(thread, quiet(1), 1000)
  idleness.keep(new Set(['b']))
  assert.is(idleness.look('a', quiet(1), 1010), -1)
  assert.is(idleness.look('b', quiet(1), 1010), 10)
})

test.run()
