import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Task, TaskExtras } from '#src/core/task.js'
import { ANY_STATE } from '#src/core/task-filter.js'
import { TaskHistory } from '#src/core/task-history.js'
import { CANCELED, DONE, FAILED, SCHEDULED, STARTED, SUBMITTED, TIMED_OUT } from '#src/core/task-state.js'
import { Random } from '../support/random.js'

const test = suite('core: the history of tasks')

const LANES = ['a', 'b'] as const
const TARGETS = LANES.map(lane => ({ name: `on ${lane}`, lane, owner: null, index: 0, mean: 0 }))
const ENDS = [DONE, FAILED, TIMED_OUT, CANCELED] as const

/** A task that has ended; it ran for so long, or did not start. */
function ended(
  sequence: number,
  ran: number | undefined,
  state: number = DONE,
  extras?: Partial<TaskExtras>,
): Task {
  const more = extras === undefined ? null : Object.assign(new TaskExtras(), extras)
  const task = new Task(TARGETS[sequence % 2]!, sequence, ['an argument'], sequence + 0.25, null, more)
  task.enter(SUBMITTED)
  if (ran !== undefined) {
    task.enter(SCHEDULED)
    task.enter(STARTED)
    task.started = sequence + 0.5
  }
  task.settle(state, 'a value', sequence + 0.5 + (ran ?? 0))
  return task
}

test('what it keeps of a task', () => {
  const history = new TaskHistory(2)
  history.add(ended(1, 4, FAILED, { attempt: 2, priority: 9 }))
  history.add(ended(2, undefined, CANCELED))
  assert.equal(history.find(1), {
    target: { name: 'on b', lane: 'b' },
    sequence: 1,
    state: FAILED,
    submitted: 1.25,
    started: 1.5,
    ended: 5.5,
    attempt: 2,
    priority: 9,
  })
  assert.equal(history.find(2), {
    target: { name: 'on a', lane: 'a' },
    sequence: 2,
    state: CANCELED,
    submitted: 2.25,
    started: undefined,
    ended: 2.5,
    attempt: 1,
    priority: 0,
  })
  assert.is(history.find(3), undefined)
})

test('it keeps the last of them, and counts by state and lane, as a plain list would', () => {
  const random = new Random(5)
  for (const capacity of [0, 1, 2, 7, 100]) {
    const history = new TaskHistory(capacity)
    const all: Task[] = []
    for (let i = 1; i <= 150; i++) {
      const ran = random.chance(0.1) ? undefined : random.below(50)
      const task = ended(i, ran, ran === undefined ? CANCELED : ENDS[i % 4])
      history.add(task)
      all.unshift(task)
      const kept = all.slice(0, capacity)
      assert.is(history.size, kept.length)
      for (const lane of [undefined, ...LANES]) {
        for (const states of [ANY_STATE, 1 << DONE, (1 << FAILED) | (1 << CANCELED), 0]) {
          const wanted = kept.filter(
            one => ((1 << one.state) & states) !== 0 && (lane === undefined || one.target.lane === lane),
          )
          assert.is(history.count(states, lane), wanted.length)
          const found = [...history.newestFirst(states, lane)].map(one => one.sequence)
          assert.equal(
            found,
            wanted.map(one => one.sequence),
          )
        }
      }
      const longest = Math.max(
        -1,
        ...all.map(one => (one.started === undefined ? -1 : one.ended! - one.started)),
      )
      const slowest = history.slowest
      assert.is(slowest === undefined ? -1 : slowest.ended! - slowest.started!, longest)
      assert.is(history.find(i)?.sequence, capacity === 0 ? undefined : i)
    }
  }
})

test('the first of several that ran equally long is the slowest, and one that never ran is not', () => {
  const history = new TaskHistory(0)
  history.add(ended(1, undefined, CANCELED))
  assert.is(history.slowest, undefined)
  history.add(ended(2, 0))
  assert.is(history.slowest?.sequence, 2)
  history.add(ended(3, 8))
  history.add(ended(4, 8))
  history.add(ended(5, 1))
  assert.is(history.slowest?.sequence, 3)
})

test.run()
