import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advance, mirror, takeHome } from '#src/bridge/homes.js'
import { FLAG, FLOAT, INT, RECALLED, TaskTable } from '#src/bridge/shared-table.js'
import { CANCELED, DONE, FAILED, SCHEDULED, STARTED, TIMED_OUT } from '#src/core/task-state.js'
import { hasEnded, TaskPlaces } from '#src/lanes/task-places.js'

const test = suite('lanes: where tasks are')

const TASK = { owner: 5, sequence: 7 }

/** The table of a sender that has sent a task. */
class SentTable extends TaskTable {
  readonly id: number

  constructor(flags = 0) {
    super(() => {})
    this.id = this.take()
    this.setInt(this.id, INT.LANE, 0)
    this.setFloat(this.id, FLOAT.SEQUENCE, TASK.sequence)
    this.orInt(this.id, INT.FLAGS, flags)
  }

  /** Whether its task is shown to have ended. */
  get shows(): boolean {
    return hasEnded(TASK, new Map([[TASK.owner, this]]))
  }
}

test('a task has ended when its slot shows that, but for a failure after which it may be run again', () => {
  const shown = (state: number, flags = 0): boolean => {
    const table = new SentTable(flags)
    if (state !== SCHEDULED) table.exchange(table.id, SCHEDULED, state)
    return table.shows
  }
  assert.equal(
    [SCHEDULED, STARTED, RECALLED].map(state => shown(state)),
    [false, false, false],
  )
  assert.equal(
    [DONE, FAILED, TIMED_OUT, CANCELED].map(state => shown(state)),
    [true, true, true, true],
  )
  assert.equal([shown(FAILED, FLAG.RETRIES), shown(FAILED, FLAG.IDEMPOTENT)], [false, false])
  assert.equal([shown(DONE, FLAG.RETRIES), shown(CANCELED, FLAG.IDEMPOTENT)], [true, true])
})

test('what its home shows is its end, whatever may be shown by the slot of an attempt', () => {
  const table = new SentTable(FLAG.RETRIES)
  const home = takeHome(table, TASK.sequence, 1)
  table.setHome(table.id, home)
  table.exchange(table.id, SCHEDULED, STARTED)
  table.exchange(table.id, STARTED, FAILED)
  mirror(table, table.id)
  assert.is(table.shows, false)
  advance(table, home, FAILED, 1, 2)
  assert.is(table.shows, true)
})

test('a slot that another task gets just as it is looked at says nothing of that', () => {
  const table = new SentTable()
  table.setFloat(table.id, FLOAT.SEQUENCE, TASK.sequence - 1)
  table.exchange(table.id, SCHEDULED, DONE)
  table.float = (id, field) => {
    if (table.state(table.id) === DONE) {
      table.free(table.id)
      table.setFloat(table.take(), FLOAT.SEQUENCE, TASK.sequence)
    }
    return TaskTable.prototype.float.call(table, id, field)
  }
  assert.is(table.shows, false)
})

for (const order of ['before', 'after'] as const) {
  test(`a task is where it is run again, also if the slot of its lost attempt is looked at ${order} that`, () => {
    const table = new SentTable()
    const again = table.take()
    table.setInt(again, INT.LANE, 0)
    table.setFloat(again, FLOAT.SEQUENCE, TASK.sequence)
    const [lost, present] = order === 'before' ? [table.id, again] : [again, table.id]
    table.exchange(lost, SCHEDULED, STARTED)
    table.exchange(lost, STARTED, FAILED)
    table.setInt(present, INT.THREAD, 3)
    table.exchange(present, SCHEDULED, STARTED)
    const places = new TaskPlaces(new Map([[TASK.owner, table]]))
    assert.equal(places.whereIs(TASK, 'lane'), { at: 'thread', thread: 3 })
  })
}

test('with its submitter a task has ended', () => {
  assert.is(hasEnded(TASK, new Map()), true)
})

test.run()
