// @time-limit 120s
import { type LaneError, type LaneOptions, SchedulerThread, type StallEvent } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, isOpen, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type { ElasticLog } from './tasks/elastic.js'
import type * as stalling from './tasks/stalling.js'

const test = suite('lanes: a stalled thread is replaced')

const tasks = new URL('./tasks/stalling.js', import.meta.url)
const SETUPS = 0
const TEARDOWNS = 1
/** Longer than a machine that is busy with other things keeps a task from its core, or so it is hoped. */
const STALL_AFTER_MS = 250
/** Long enough that no test ends before. */
const FOREVER_MS = 600_000

const newLog = (): ElasticLog => ({ counts: new Int32Array(new SharedArrayBuffer(8)) })
const newRuns = (count: number): Int32Array => new Int32Array(new SharedArrayBuffer(4 * count))

async function start(options: LaneOptions = {}) {
  const log = newLog()
  const scheduler = await SchedulerThread.start<typeof stalling, 'a'>({
    tasks,
    lanes: { a: { stallAfter: STALL_AFTER_MS, onStall: 'replace', workerData: log, ...options } },
  })
  const stalls: StallEvent[] = []
  scheduler.on('stall', event => stalls.push(event))
  const restarts: unknown[] = []
  scheduler.on('restart', event => restarts.push(event))
  const threads = async () => {
    const { threads, stalled, restarts } = (await scheduler.stats()).lanes.a!
    return [threads, stalled, restarts]
  }
  return { scheduler, a: scheduler.lanes.a, log, stalls, restarts, threads }
}

test('held for ten seconds with a thousand tasks waiting: they finish meanwhile, once each, and it keeps its result', async () => {
  const { scheduler, a, stalls, restarts, threads } = await start()
  await using _ = scheduler
  // So that hundreds are sent to the thread.
  await Promise.all(Array.from({ length: 2000 }, (_, i) => a.run('echo', [i])))
  const runs = newRuns(1000)
  const stalled = a.submit('holdFor', [10_000])
  await stalled.wait({ for: 'RUNNING' })
  const waiting = Array.from({ length: 1000 }, (_, i) => a.run('count', [runs, i, 0]))
  assert.equal(await Promise.all(waiting), [...runs.keys()])
  assert.is(stalled.state, 'STARTED', 'it holds its thread still')
  assert.equal([...runs], Array(1000).fill(1))
  assert.equal(await threads(), [1, 1, 0])
  const told = stalls.filter(({ task }) => task?.id === stalled.id)
  assert.equal(
    told.map(({ action }) => action),
    ['replace'],
  )
  assert.is(await stalled.result(), 'kept')
  await eventually('its thread has left', async () => (await threads())[1] === 0)
  assert.equal(await threads(), [1, 0, 0])
  assert.equal([restarts.length, (await scheduler.stats()).strays], [0, 0])
})

test('its asynchronous neighbours end where they are, and then it leaves, with its teardown', async () => {
  const { scheduler, a, log, threads } = await start()
  await using _ = scheduler
  const [gate, hold] = [newGate(), newGate()]
  const neighbours = [a.run('wait', [gate]), a.run('wait', [gate])]
  await arrived(gate, 2)
  const stalled = a.submit('block', [hold])
  await eventually('another is there', async () => (await threads()).join() === '1,1,0')
  assert.is(await a.run('echo', ['new']), 'new')
  openGate(hold)
  assert.is(await stalled.result(), 'passed')
  assert.equal([await a.run('echo', [1]), await threads()], [1, [1, 1, 0]], 'its neighbours keep it')
  assert.is(Atomics.load(log.counts, TEARDOWNS), 0)
  openGate(gate)
  assert.equal(await Promise.all(neighbours), [1, 1], 'their first attempts')
  await eventually('it has left', async () => (await threads()).join() === '1,0,0')
  assert.equal([...log.counts], [2, 1])
})

test('one that has tasks of its own on another lane leaves when they are done', async () => {
  const scheduler = await SchedulerThread.start<typeof stalling, 'a' | 'b'>({
    tasks,
    lanes: {
      a: { workerData: newLog(), stallAfter: STALL_AFTER_MS, onStall: 'replace' },
      b: { workerData: newLog() },
    },
  })
  await using _ = scheduler
  const threads = async () => {
    const { threads, stalled } = (await scheduler.stats()).lanes.a!
    return [threads, stalled].join()
  }
  const [gate, hold] = [newGate(), newGate()]
  const stalled = scheduler.lanes.a.submit('submitAndBlock', ['b', gate, hold])
  await eventually('another is there', async () => (await threads()) === '1,1')
  openGate(hold)
  assert.is(await stalled.result(), 'passed')
  await arrived(gate)
  openGate(gate)
  await eventually('it has left', async () => (await threads()) === '1,0')
  assert.is(await scheduler.lanes.a.run('echo', ['new']), 'new')
})

test('while main is blocked the fresh thread is started, and main sends to it when it wakes', async () => {
  const { scheduler, a, log } = await start()
  await using _ = scheduler
  const hold = newGate()
  const stalled = a.submit('block', [hold])
  await arrived(hold)
  const runs = newRuns(500)
  const waiting = Array.from({ length: 500 }, (_, i) => a.run('count', [runs, i, 0]))
  await new Promise(setImmediate)
  const end = performance.now() + 15_000
  while (Atomics.load(log.counts, SETUPS) < 2 && performance.now() < end);
  assert.is(Atomics.load(log.counts, SETUPS), 2, 'set up without main')
  assert.equal(await Promise.all(waiting), [...runs.keys()])
  assert.is(stalled.state, 'STARTED')
  assert.equal([...runs], Array(500).fill(1))
  openGate(hold)
  assert.is(await stalled.result(), 'passed')
})

test('a thousand tasks that another lane has sent, with main parked: they finish meanwhile, once each', async () => {
  const scheduler = await SchedulerThread.start<typeof stalling, 'a' | 'b'>({
    tasks,
    lanes: {
      a: { workerData: newLog() },
      b: { workerData: newLog(), stallAfter: STALL_AFTER_MS, onStall: 'replace' },
    },
  })
  await using _ = scheduler
  const { a, b } = scheduler.lanes
  // Both are connected, and hundreds are sent to the thread at a time.
  assert.is(await a.run('spread', ['b', newRuns(2000), newGate()]), 2000)
  const runs = newRuns(1000)
  const [hold, sent] = [newGate(), newGate()]
  const stalled = b.submit('block', [hold])
  await arrived(hold)
  const sender = a.submit('spread', ['b', runs, sent])
  await arrived(sent)
  // Nothing of this thread's is needed any more.
  const end = performance.now() + 30_000
  while (!isOpen(sent) && performance.now() < end) Atomics.wait(sent, 1, 0, 100)
  assert.ok(isOpen(sent), 'they finished while main was parked')
  assert.equal([...runs], Array(1000).fill(1))
  assert.is(stalled.state, 'STARTED', 'it holds its thread still')
  openGate(hold)
  assert.equal(await Promise.all([sender.result(), stalled.result()]), [1000, 'passed'])
  assert.is((await scheduler.stats()).strays, 0)
})

test('a task whose arguments were handed over waits for the stalled thread, and runs there', async () => {
  const { scheduler, a } = await start({ concurrency: 8 })
  await using _ = scheduler
  const hold = newGate()
  const stalled = a.submit('block', [hold])
  const buffer = new ArrayBuffer(1024)
  const handed = a.submit('lengthOf', [buffer], { transfer: [buffer] })
  await arrived(hold)
  assert.is(buffer.byteLength, 0, 'it is on its way')
  const others = Array.from({ length: 100 }, (_, i) => a.run('echo', [i]))
  assert.equal(await Promise.all(others), [...Array(100).keys()])
  assert.equal([stalled.state, handed.state], ['STARTED', 'SCHEDULED'])
  openGate(hold)
  assert.equal([await stalled.result(), await handed.result()], ['passed', 1024])
})

test('of replaced threads there are no more than restart.max; one more stall is told, and replaced when there is room', async () => {
  const { scheduler, a, stalls, threads } = await start({ restart: { max: 2, within: 0 }, concurrency: 1 })
  await using _ = scheduler
  const holds = [newGate(), newGate(), newGate()]
  const runs = newRuns(3)
  const stalled = holds.map((hold, i) => a.submit('countAndBlock', [runs, i, hold]))
  await eventually('all three have stalled', () => stalls.length === 3)
  assert.equal(
    stalls.map(({ task, action }) => [task?.id, action]),
    [
      [stalled[0]!.id, 'replace'],
      [stalled[1]!.id, 'replace'],
      [stalled[2]!.id, 'report'],
    ],
  )
  assert.equal(await threads(), [1, 2, 0])
  const waiting = a.submit('echo', ['waits'])
  assert.is(await waiting.wait({ timeout: 300 }), false)
  assert.is(stalls.length, 3)
  openGate(holds[0]!)
  assert.is(await waiting.result(), 'waits', 'now there is room for another')
  assert.equal([stalls.length, stalls[3]?.task?.id, stalls[3]?.action], [4, stalled[2]!.id, 'replace'])
  for (const hold of holds) openGate(hold)
  assert.equal(await Promise.all(stalled.map(each => each.result())), [0, 1, 2])
  assert.equal([...runs], [1, 1, 1])
  await eventually('they have left', async () => (await threads()).join() === '1,0,0')
})

test('a lane of which every task stalls does not start threads for ever, and is not closed for it', async () => {
  const { scheduler, a, log, stalls, restarts } = await start({
    restart: { max: 2, within: FOREVER_MS },
    stallAfter: 40,
    concurrency: 1,
  })
  await using _ = scheduler
  const results = await Promise.all(Array.from({ length: 6 }, () => a.run('holdFor', [250])))
  assert.equal(results, Array(6).fill('kept'))
  assert.is(log.counts[SETUPS], 3)
  assert.is(stalls.filter(({ action }) => action === 'replace').length, 2)
  assert.ok(stalls.some(({ action }) => action === 'report'))
  assert.is(restarts.length, 0)
})

test('a stalled task that is timed out or cancelled costs its thread, and nothing else', async () => {
  for (const how of ['timeout', 'cancel'] as const) {
    const { scheduler, a, restarts, threads } = await start({ grace: 50 })
    await using _ = scheduler
    const [gate, forever] = [newGate(), newGate()]
    const neighbour = reasonOf(a.run('wait', [gate]))
    const again = a.submit('wait', [gate], { idempotent: true })
    await arrived(gate, 2)
    const stalled = a.submit('never', [forever], how === 'timeout' ? { timeout: 2000 } : {})
    await eventually('another is there', async () => (await threads()).join() === '1,1,0')
    if (how === 'cancel') assert.is(stalled.cancel(), true)
    const reason = (await reasonOf(stalled.result())) as { code?: string }
    assert.is(reason.code, how === 'timeout' ? 'ERR_TASK_TIMEOUT' : 'ERR_TASK_CANCELED')
    const lost = (await neighbour) as LaneError
    assert.equal([lost.code, lost.holders], ['ERR_LANE_TERMINATED', ['never']])
    openGate(gate)
    assert.is(await again.result(), 2, 'its second attempt, on the fresh thread')
    await eventually('it is gone', async () => (await threads())[1] === 0)
    assert.equal([await threads(), restarts.length], [[1, 0, 0], 0], 'it had its replacement already')
  }
})

test('a stalled thread that dies is not replaced twice', async () => {
  const { scheduler, a, log, restarts, threads } = await start()
  await using _ = scheduler
  const hold = newGate()
  const stalled = a.submit('blockAndExit', [hold])
  const waiting = Array.from({ length: 300 }, (_, i) => a.run('echo', [i]))
  assert.equal(await Promise.all(waiting), [...waiting.keys()])
  openGate(hold)
  const reason = (await reasonOf(stalled.result())) as LaneError
  assert.equal([reason.code, reason.exitCode], ['ERR_LANE_EXITED', 7])
  await eventually('it is gone', async () => (await threads())[1] === 0)
  assert.is(await a.run('echo', [1]), 1)
  assert.equal([restarts.length, log.counts[SETUPS]], [0, 2])
})

test('close() waits for the stalled task as for any other, and ends its thread when its time is over', async () => {
  const brief = await start()
  const kept = brief.a.submit('holdFor', [1000])
  await eventually('it is replaced', () => brief.stalls.length === 1)
  await brief.scheduler.close()
  assert.equal([kept.state, await kept.result()], ['DONE', 'kept'])

  const endless = await start()
  const gate = newGate()
  const lost = endless.a.submit('never', [gate])
  await eventually('it is replaced', () => endless.stalls.length === 1)
  await endless.scheduler.close({ timeout: 300 })
  assert.match(
    String(((await reasonOf(lost.result())) as LaneError).code),
    /^ERR_(CLOSED|TASK_CANCELED|LANE_)/,
  )

  const starting = await start()
  const third = starting.a.submit('never', [newGate()])
  await third.wait({ for: 'RUNNING' })
  // While the fresh thread may just be starting.
  await eventually('it is about to be replaced', () => Atomics.load(starting.log.counts, SETUPS) === 2)
  await starting.scheduler.close({ timeout: 0 })
  await reasonOf(third.result())
})

test('a lane that grows still does, beside a stalled thread', async () => {
  const { scheduler, a, threads } = await start({
    threads: { min: 1, max: 2, idleTimeout: 60_000 },
    concurrency: 1,
  })
  await using _ = scheduler
  const hold = newGate()
  const stalled = a.submit('block', [hold])
  await eventually('it is replaced', async () => (await threads()).join() === '1,1,0')
  const gate = newGate()
  const both = [a.run('wait', [gate]), a.run('wait', [gate])]
  await arrived(gate, 2)
  assert.equal(await threads(), [2, 1, 0])
  openGate(gate)
  await Promise.all(both)
  openGate(hold)
  assert.is(await stalled.result(), 'passed')
})

test('through many stalls, with all kinds of neighbours, each task runs once and has its own result', async () => {
  const { scheduler, a, log, stalls, threads } = await start({
    stallAfter: 20,
    threads: 2,
    concurrency: 4,
    restart: { max: 50, within: 0 },
  })
  await using _ = scheduler
  const rounds = 12
  const perRound = 102
  const runs = newRuns(rounds * perRound)
  const results: Promise<unknown>[] = []
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < perRound; i++) {
      const index = round * perRound + i
      // Two of them stall, the others take next to nothing.
      results.push(a.run('count', [runs, index, i % 51 === 0 ? 130 : 0.05], { priority: i % 3 }))
    }
    await Promise.all([a.run('echoLater', [0]), results[round * perRound + 50]])
  }
  assert.equal(await Promise.all(results), [...runs.keys()])
  assert.equal([...runs], Array(runs.length).fill(1))
  assert.ok(
    stalls.filter(({ action }) => action === 'replace').length >= rounds / 2,
    `${stalls.length} stalls`,
  )
  await eventually('all have left but two', async () => (await threads()).join() === '2,0,0')
  assert.is(log.counts[SETUPS]! - log.counts[TEARDOWNS]!, 2)
  assert.is((await scheduler.stats()).strays, 0)
})

test('where a task is shows while its thread is being replaced', async () => {
  const { scheduler, a, threads } = await start()
  await using _ = scheduler
  const hold = newGate()
  const stalled = a.submit('block', [hold])
  const waiting = Array.from({ length: 20 }, () => a.submit('block', [newGate()], { delay: FOREVER_MS }))
  await eventually('it is replaced', async () => (await threads()).join() === '1,1,0')
  assert.is(scheduler.taskInfo(stalled)?.state, 'STARTED')
  assert.equal([scheduler.slowest()?.id, scheduler.currentTask('a')?.id], [stalled.id, stalled.id])
  assert.is(scheduler.tasks({ lane: 'a', state: 'RUNNING' }).length, 1)
  for (const task of waiting) task.cancel()
  openGate(hold)
  await stalled.result()
})

test.run()
