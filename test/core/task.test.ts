import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MultilaneError } from '#src/core/errors.js'
import { finalTimestamp, Task, TaskExtras, UNRESOLVED } from '#src/core/task.js'
import {
  CANCELED,
  DONE,
  FAILED,
  isFinal,
  mayFollow,
  NEW,
  SCHEDULED,
  STARTED,
  SUBMITTED,
  TASK_STATES,
  TIMED_OUT,
} from '#src/core/task-state.js'
import { thrownBy } from '../support/rejection.js'

const test = suite('core: a task')

const target = { name: 'quote', lane: 'urgent', owner: null, index: UNRESOLVED, mean: 0 }
/** How to get a new task into each state. */
const WAYS: readonly (readonly number[])[] = [
  [],
  [SUBMITTED],
  [SUBMITTED, SCHEDULED],
  [SUBMITTED, SCHEDULED, STARTED],
  [SUBMITTED, SCHEDULED, STARTED, DONE],
  [FAILED],
  [TIMED_OUT],
  [CANCELED],
]

function taskIn(state: number, extras: TaskExtras | null = null): Task {
  const task = new Task(target, 1, ['argument'], 5, null, extras)
  for (const step of WAYS[state]!) task.enter(step)
  assert.is(task.state, state)
  return task
}

test('it enters the states that may follow its own, and refuses all others by their names', () => {
  TASK_STATES.forEach((from, state) => {
    TASK_STATES.forEach((to, next) => {
      const task = taskIn(state)
      if (mayFollow(state, next)) {
        task.enter(next)
        assert.is(task.state, next)
      } else {
        const error = thrownBy(() => task.enter(next), Error)
        assert.is(error.message, `task 'quote': ${from} → ${to}`)
        assert.is(task.state, state)
      }
    })
  })
})

test('it settles once: the outcome replaces the arguments, and no other comes after', () => {
  const task = taskIn(STARTED)
  task.id = 7
  task.settle(DONE, 42, 9)
  assert.equal([task.state, task.payload, task.ended, task.id, task.dead], [DONE, 42, 9, 0, true])
  for (const state of [DONE, FAILED, TIMED_OUT, CANCELED]) {
    thrownBy(() => task.settle(state, 'another', 10), Error)
    assert.equal([task.state, task.payload, task.ended], [DONE, 42, 9])
  }
})

test('only a started task can be done, and a task does not settle in a state that is not final', () => {
  for (const state of [NEW, SUBMITTED, SCHEDULED]) thrownBy(() => taskIn(state).settle(DONE, 1, 1), Error)
})

test('it is dead exactly in a final state', () => {
  TASK_STATES.forEach((_, state) => {
    assert.is(taskIn(state).dead, isFinal(state))
  })
})

test('without options it has no priority and no deadline, with them those given', () => {
  const plain = taskIn(NEW)
  assert.equal([plain.priority, plain.deadline, plain.args], [0, Number.POSITIVE_INFINITY, ['argument']])
  const extras = new TaskExtras()
  extras.priority = 4
  extras.deadline = 900
  const limited = taskIn(NEW, extras)
  assert.equal([limited.priority, limited.deadline], [4, 900])
})

test('each final state has its timestamp, and only those', () => {
  assert.equal([DONE, FAILED, TIMED_OUT, CANCELED].map(finalTimestamp), [
    'done',
    'error',
    'timeout',
    'cancel',
  ])
  for (const state of [NEW, SUBMITTED, SCHEDULED, STARTED]) {
    assert.is(thrownBy(() => finalTimestamp(state), MultilaneError).code, 'ERR_INVALID_ARG')
  }
})

test.run()
