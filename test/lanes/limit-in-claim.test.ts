import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { SCHEDULED, STARTED, TIMED_OUT } from '#src/core/task-state.js'
import { type ExpiredTask, ExpiryWatch } from '#src/lanes/expiry-watch.js'
import { type RigThread, SenderRig } from '../bridge/sender-rig.js'

const test = suite('lanes: a limit that runs out in the middle of a claim')

/** A sender, a thread, and the watch of a supervisor that tells the sender what it has timed out. */
function setUp() {
  const rig = new SenderRig()
  const thread = rig.join()
  const expired: ExpiredTask[] = []
  const watch = new ExpiryWatch(new Map([[0, rig.sender.sent.table]]), rig.clock, rig.clock, {
    end: (_, table, id) => table.exchange(id, SCHEDULED, TIMED_OUT),
    expired: (_, tasks) => {
      expired.push(...tasks)
      rig.tell({ type: 'expired', ids: tasks.map(({ id }) => id) })
    },
  })
  /** The supervisor looks, and the sender hears of it. */
  const look = (): void => {
    watch.announce(rig.clock.now(), 'main')
    rig.clock.runFor(0)
    rig.settle()
  }
  return { rig, thread, expired, look }
}

/** Its core is taken from the thread just before it decides that the next task has started. */
function claimSlowly(thread: RigThread, now: number, meanwhile: () => void): boolean {
  const { table } = thread.inlet
  const { exchange } = table
  table.exchange = (id, from, to) => {
    table.exchange = exchange
    if (to === STARTED) meanwhile()
    return exchange.call(table, id, from, to)
  }
  return thread.inlet.claim(thread.jobs[0]!, now)
}

test('that of its run does not count before it runs, and is not taken for one of its waiting', () => {
  const { rig, thread, expired, look } = setUp()
  const one = rig.submit([1], { timeout: 20 })
  rig.settle()
  const isClaimed = claimSlowly(thread, rig.clock.now(), () => {
    rig.clock.advance(30)
    look()
    assert.equal(expired, [])
  })
  assert.is(isClaimed, true)
  look()
  assert.equal(
    expired.map(({ limit, started }) => [limit, started]),
    [['timeout', true]],
  )
  assert.is(one.task.state, TIMED_OUT)
})

for (const limit of ['waitUntil', 'deadline'] as const) {
  test(`one whose time to start is over is not said to have started: ${limit}`, () => {
    const { rig, thread, expired, look } = setUp()
    let starts = 0
    const observer = { accepted: () => {}, started: () => starts++, finished: () => {} }
    const at = rig.clock.now() + 10
    const { task } = rig.submit([1], { [limit]: at, observer, reportStart: true })
    rig.settle()
    const isClaimed = claimSlowly(thread, rig.clock.now(), () => {
      rig.clock.advance(15)
      look()
      assert.is(task.state, TIMED_OUT)
    })
    assert.is(isClaimed, false)
    assert.equal([starts, task.started, task.ended], [0, undefined, at])
    assert.equal(
      expired.map(told => [told.limit, told.started]),
      [[limit === 'waitUntil' ? 'queueTimeout' : 'deadline', false]],
    )
  })
}

test.run()
