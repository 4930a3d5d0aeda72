import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLAG, FLOAT, INT, slotOf, TableView, TaskTable } from '#src/bridge/shared-table.js'
import { SCHEDULED, TIMED_OUT } from '#src/core/task-state.js'
import { type ExpiredTask, ExpiryWatch } from '#src/lanes/expiry-watch.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: the watch on limits')

const SENDER = 1

function setUp() {
  const clock = new ManualClock()
  const view = new TableView()
  const table = new TaskTable((index, buffer) => view.attach(index, buffer))
  const expired: ExpiredTask[] = []
  const onEnd = { call: () => {} }
  const watch = new ExpiryWatch(new Map([[SENDER, view]]), clock, clock, {
    end: (_, table, id) => {
      const hasEnded = table.exchange(id, SCHEDULED, TIMED_OUT)
      onEnd.call()
      return hasEnded
    },
    expired: (_, tasks) => expired.push(...tasks),
  })
  const limited = (expires: number): number => {
    const id = table.take()
    table.setFloat(id, FLOAT.EXPIRES, expires)
    table.setFloat(id, FLOAT.DEADLINE, Number.POSITIVE_INFINITY)
    table.setFloat(id, FLOAT.TIMEOUT, Number.POSITIVE_INFINITY)
    table.orInt(id, INT.FLAGS, FLAG.LIMITED)
    return id
  }
  return { clock, table, watch, expired, limited, onEnd }
}

test('it times out what is due, and wakes by itself for what is due later', () => {
  const { clock, table, watch, expired, limited } = setUp()
  const begin = clock.now()
  const [first, second] = [limited(begin + 10), limited(begin + 20)]
  watch.announce(begin + 10)
  clock.runFor(10)
  assert.equal([table.state(first), table.state(second)], [TIMED_OUT, SCHEDULED])
  clock.runFor(10)
  assert.equal(
    expired.map(({ id, limit, started }) => ({ id, limit, started })),
    [
      { id: first, limit: 'queueTimeout', started: false },
      { id: second, limit: 'queueTimeout', started: false },
    ],
  )
})

test("it tells of the task that it has timed out, though the slot may be the next one's by then", () => {
  const { clock, table, watch, expired, limited, onEnd } = setUp()
  const due = limited(clock.now() + 10)
  table.setFloat(due, FLOAT.SEQUENCE, 17)
  table.setInt(due, INT.THREAD, 3)
  // The sender runs beside it: it has had the thread's answer, and uses the slot again.
  onEnd.call = () => {
    table.free(due)
    const next = table.take()
    assert.is(slotOf(next), slotOf(due), 'the slot was not used again, so nothing is shown')
    table.setFloat(next, FLOAT.SEQUENCE, 18)
    table.setInt(next, INT.THREAD, 4)
  }
  watch.announce(clock.now() + 10)
  clock.runFor(10)
  assert.equal(
    expired.map(({ id, sequence, thread }) => ({ id, sequence, thread })),
    [{ id: due, sequence: 17, thread: 3 }],
  )
})

test('a task whose slot was just taken is not timed out by a limit of the task that had the slot before', () => {
  const { clock, table, watch, expired, limited } = setUp()
  const earlier = limited(clock.now() + 10)
  table.free(earlier)
  clock.advance(20)
  // The supervisor runs beside the sender, and may look before the sender has written what it knows of the task.
  const next = table.take()
  assert.is(slotOf(next), slotOf(earlier), 'the slot was not used again, so nothing is shown')
  watch.announce(clock.now())
  clock.runFor(0)
  assert.equal(expired, [])
  assert.is(table.state(next), SCHEDULED)
})

test.run()
