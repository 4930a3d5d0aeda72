// @time-limit 60s
import {
  type LaneError,
  type LaneOptions,
  type RestartEvent,
  SchedulerThread,
  type StallEvent,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import { untilSeen } from './played-stall.js'
import type { ElasticLog } from './tasks/elastic.js'
import type * as stalling from './tasks/stalling.js'

const test = suite('lanes: a stalled thread is ended')

const tasks = new URL('./tasks/stalling.js', import.meta.url)

const newRuns = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count))

async function start(options: LaneOptions = {}) {
  const log: ElasticLog = { counts: new Int32Array(new SharedArrayBuffer(8)) }
  const scheduler = await SchedulerThread.start<typeof stalling, 'a'>({
    tasks,
    lanes: { a: { stallAfter: 100, onStall: 'terminate', workerData: log, ...options } },
  })
  const stalls: StallEvent[] = []
  scheduler.on('stall', event => stalls.push(event))
  const restarts: RestartEvent[] = []
  scheduler.on('restart', event => restarts.push(event))
  return { scheduler, a: scheduler.lanes.a, stalls, restarts }
}

test('the task that held it fails and is named, and what had not started is done, once each', async () => {
  const { scheduler, a, stalls, restarts } = await start()
  await using _ = scheduler
  const gate = newGate()
  const stalled = a.submit('never', [gate])
  const runs = newRuns(500)
  const waiting = Array.from({ length: 500 }, (_, i) => a.run('count', [runs, i, 0]))
  const reason = (await reasonOf(stalled.result())) as LaneError
  assert.equal([reason.code, reason.lane, reason.holders], ['ERR_LANE_TERMINATED', 'a', ['never']])
  assert.match(reason.message, /task 'never' held its loop for \d+ ms/)
  assert.equal(await Promise.all(waiting), [...waiting.keys()])
  assert.equal([...runs], Array(500).fill(1))
  assert.equal([stalled.state, arrivals(gate)], ['FAILED', 1])
  assert.equal(
    stalls.map(({ task, action }) => [task?.id, action]),
    [[stalled.id, 'terminate']],
  )
  assert.equal(
    restarts.map(({ error, after }) => [(error as LaneError).code, after]),
    [['ERR_LANE_TERMINATED', 0]],
  )
  const { threads, restarts: count, stalled: left } = (await scheduler.stats()).lanes.a!
  assert.equal([threads, count, left], [1, 1, 0])
})

test('where it held the loop is seen before', async () => {
  const { scheduler, a, stalls } = await start({ restart: { max: 100 } })
  await using _ = scheduler
  const { stack } = await untilSeen(
    async () => {
      stalls.length = 0
      await reasonOf(a.run('never', [newGate()]))
      await eventually('it is told', () => stalls.length > 0)
      return stalls[0]!
    },
    told => told.stack !== undefined,
  )
  assert.match(stack ?? '', /at never .*stalling\.js/)
})

test('its neighbours are run again if they are idempotent, else they are told who held it', async () => {
  const { scheduler, a } = await start()
  await using _ = scheduler
  const gate = newGate()
  const again = a.submit('wait', [gate], { idempotent: true })
  const lost = a.submit('wait', [gate])
  await arrived(gate, 2)
  const stalled = a.submit('never', [newGate()])
  const reason = (await reasonOf(lost.result())) as LaneError
  assert.equal([reason.code, reason.holders], ['ERR_LANE_TERMINATED', ['never']])
  await reasonOf(stalled.result())
  openGate(gate)
  assert.is(await again.result(), 2)
})

test('the task that held it is not run again, idempotent or with retries', async () => {
  const { scheduler, a, restarts } = await start()
  await using _ = scheduler
  for (const options of [{ idempotent: true }, { retries: 3 }]) {
    const gate = newGate()
    const reason = (await reasonOf(a.run('never', [gate], options))) as LaneError
    assert.equal([reason.code, arrivals(gate)], ['ERR_LANE_TERMINATED', 1])
    assert.is(await a.run('echo', [1]), 1)
  }
  assert.is(restarts.length, 2)
})

test('what a task has left behind holds the loop: that is a stall if others wait for it, and no task is named', async () => {
  const { scheduler, a, stalls } = await start()
  await using _ = scheduler
  const gate = newGate()
  await a.run('leaveBehind', [gate, 10])
  await arrived(gate)
  assert.is(await a.run('echo', ['waits']), 'waits')
  assert.equal(
    stalls.map(({ task, candidates, action }) => [task, candidates, action]),
    [[undefined, [], 'terminate']],
  )
})

test('a task that was given up holds the loop: the next is not lost behind it', async () => {
  const { scheduler, a } = await start({ grace: 1 })
  await using _ = scheduler
  const [from, gate] = [newGate(), newGate()]
  const ignoring = a.submit('holdOnceAt', [from, gate])
  await arrived(from)
  ignoring.cancel()
  await eventually('it is given up', async () => (await scheduler.stats()).abandoned === 1)
  openGate(from)
  await arrived(gate)
  assert.is(await a.run('echo', ['waits']), 'waits')
})

test('while main is blocked too: when it wakes, it is done', async () => {
  const { scheduler, a, stalls } = await start()
  await using _ = scheduler
  const gate = newGate()
  const stalled = a.submit('never', [gate])
  const waiting = a.submit('echo', ['waits'])
  await arrived(gate)
  const end = performance.now() + 500
  while (performance.now() < end);
  const woken = performance.now()
  const reason = (await reasonOf(stalled.result())) as LaneError
  assert.is(reason.code, 'ERR_LANE_TERMINATED')
  assert.ok(performance.now() - woken < 5_000)
  assert.is(await waiting.result(), 'waits')
  await eventually('it is told', () => stalls.length === 1)
})

test('what was handed over and not started is lost with the thread, and says so', async () => {
  const { scheduler, a } = await start({ concurrency: 8 })
  await using _ = scheduler
  const gate = newGate()
  const stalled = reasonOf(a.run('never', [gate]))
  const buffer = new ArrayBuffer(8)
  const handed = reasonOf(a.run('lengthOf', [buffer], { transfer: [buffer] }))
  await stalled
  assert.is(((await handed) as LaneError).code, 'ERR_TRANSFER_LOST')
})

test('past restart.max a stall is only told, and the lane goes on', async () => {
  const { scheduler, a, stalls, restarts } = await start({ restart: { max: 1, within: 600_000 } })
  await using _ = scheduler
  await reasonOf(a.run('never', [newGate()]))
  assert.is(await a.run('holdFor', [600]), 'kept')
  assert.equal(
    stalls.map(({ action }) => action),
    ['terminate', 'report'],
  )
  assert.equal([await a.run('echo', [1]), restarts.length], [1, 1])
})

test('one that lets go just so keeps its thread', async () => {
  // Near the limit either may happen; what may not is that both or neither do.
  const { scheduler, a, restarts } = await start({
    stallAfter: 40,
    restart: { max: 1000, within: 0 },
  })
  await using _ = scheduler
  let failed = 0
  for (let duration = 30; duration < 90; duration += 3) {
    const outcome = await a.run('holdFor', [duration]).catch((error: LaneError) => error.code)
    if (outcome === 'ERR_LANE_TERMINATED') failed++
    else assert.is(outcome, 'kept')
    assert.is(await a.run('echo', [duration]), duration)
  }
  await eventually('all is told', () => restarts.length >= failed)
})

test.run()
