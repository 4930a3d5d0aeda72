import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ExpiryAnnouncer } from '#src/bridge/expiry-announcer.js'
import { FLAG, FLOAT, INT, slotOf, TableView, TaskTable } from '#src/bridge/shared-table.js'
import { SCHEDULED, STARTED, TIMED_OUT } from '#src/core/task-state.js'
import { type ExpiredTask, ExpiryWatch } from '#src/lanes/expiry-watch.js'
import { ManualClock } from '../support/manual-clock.js'
import { Random } from '../support/random.js'

const test = suite('lanes: the watch on limits')

const SENDER = 1
/** Timers are set in whole milliseconds. */
const LATE_MS = 1

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
  watch.announce(begin + 10, 'main')
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
  watch.announce(clock.now() + 10, 'main')
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
  watch.announce(clock.now(), 'main')
  clock.runFor(0)
  assert.equal(expired, [])
  assert.is(table.state(next), SCHEDULED)
})

test('a task that ended within its limit is not timed out because its answer is still on its way', () => {
  const { clock, table, watch, expired, limited } = setUp()
  const begin = clock.now()
  const [inTime, running] = [limited(begin + 1_000), limited(begin + 1_000)]
  for (const id of [inTime, running]) {
    table.exchange(id, SCHEDULED, STARTED)
    table.setFloat(id, FLOAT.RUN_EXPIRES, begin + 10)
  }
  table.setFloat(inTime, FLOAT.ENDED, begin + 5)
  watch.announce(begin + 10, 'main')
  clock.runFor(20)
  assert.equal([table.state(inTime), table.state(running)], [STARTED, TIMED_OUT])
  assert.equal(
    expired.map(({ id, limit }) => [id, limit]),
    [[running, 'timeout']],
  )
})

/** Threads that set limits and announce them as they do, and tasks that may end before. */
function setLimitsAtRandom(random: Random): void {
  const { clock, table, watch, limited } = setUp()
  const threads = ['main', 'one', 'two'].map(
    name => new ExpiryAnnouncer(clock, at => watch.announce(at, name)),
  )
  const open = new Map<number, number>()
  for (let step = 0; step < 60; step++) {
    if (random.chance(0.7)) {
      const expires = clock.now() + random.pick([3, 30, 300]) * (1 + random.below(4))
      const id = limited(expires)
      random.pick(threads).announce(expires)
      open.set(id, expires)
    }
    for (const id of open.keys()) {
      if (table.state(id) === SCHEDULED && !random.chance(0.4)) continue
      open.delete(id)
      table.free(id)
    }
    clock.runFor(random.below(60))
    for (const [id, expires] of open)
      assert.ok(
        expires > clock.now() - LATE_MS || table.state(id) === TIMED_OUT,
        `its limit was over for ${clock.now() - expires} ms`,
      )
  }
  clock.runFor(2_000)
  for (const id of open.keys()) assert.is(table.state(id), TIMED_OUT)
  assert.is(clock.pending, 0)
}

test('no limit is forgotten, whatever other threads have announced, and whichever tasks ended before theirs', () => {
  for (let seed = 1; seed <= 300; seed++) {
    try {
      setLimitsAtRandom(new Random(seed))
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

test('a limit in a part of a table that was not known when it was announced is found when it is', () => {
  const { clock, watch, table, limited } = setUp()
  watch.announce(clock.now() + 10, 'main')
  clock.runFor(10)
  const unknown = limited(clock.now() - 5)
  clock.runFor(100)
  assert.is(table.state(unknown), SCHEDULED)
  watch.tableGrown()
  clock.runFor(0)
  assert.is(table.state(unknown), TIMED_OUT)
})

test.run()
