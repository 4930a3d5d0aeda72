import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLOAT, INT, RECALLED, TaskTable } from '#src/bridge/shared-table.js'
import { CANCELED, DONE, FAILED, SCHEDULED, STARTED, TASK_STATES, TIMED_OUT } from '#src/core/task-state.js'
import { cancelOrphans, threadsOfOrphans } from '#src/lanes/orphaned-tasks.js'

const test = suite('lanes: the tasks of senders that have gone')

const THREAD = 7
const NOW = 1_000

/** The table of a sender that has sent a task, which has come as far as that. */
function tableWith(state: number, started = NOW, ended = 0): TaskTable {
  const table = new TaskTable(() => {})
  const id = table.take()
  table.setInt(id, INT.THREAD, THREAD)
  table.setFloat(id, FLOAT.STARTED, started)
  table.setFloat(id, FLOAT.ENDED, ended)
  table.exchange(id, SCHEDULED, state)
  return table
}

test('what has started is decided, and told to stop; what was cancelled before is told once more', () => {
  for (const state of [STARTED, CANCELED]) {
    const table = tableWith(state)
    const [id] = [...table].map(slot => slot.id)
    assert.equal([...cancelOrphans(table)], [id], TASK_STATES[state])
    assert.is(table.state(id!), CANCELED)
  }
})

test('nothing else is', () => {
  for (const state of [DONE, FAILED, TIMED_OUT, RECALLED]) {
    const table = tableWith(state)
    assert.equal([...cancelOrphans(table)], [], TASK_STATES[state])
    assert.equal(
      [...table].map(slot => slot.state),
      [state],
    )
  }
})

test('a task that has started may run until it has ended, whatever was decided: also that its thread was lost', () => {
  for (const state of [CANCELED, TIMED_OUT, FAILED]) {
    assert.equal([...threadsOfOrphans(tableWith(state))], [THREAD], TASK_STATES[state])
    assert.equal([...threadsOfOrphans(tableWith(state, NOW, NOW + 1))], [], TASK_STATES[state])
    assert.equal([...threadsOfOrphans(tableWith(state, 0))], [], TASK_STATES[state])
  }
})

test.run()
