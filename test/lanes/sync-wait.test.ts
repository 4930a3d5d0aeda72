// @time-limit 90s
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import {
  LaneError,
  type LaneOptions,
  NotCloneableError,
  SchedulerThread,
  TaskCanceledError,
  type TaskHandle,
  TaskLoadError,
  type TaskOptions,
  TaskTimeoutError,
  UnknownTaskError,
  WaitTimeoutError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrivals, newGate, openGate } from '../support/gate.js'
import { runScript } from '../support/node-script.js'
import { thrownBy } from '../support/thrown.js'
import type * as waited from './tasks/waited.js'

const test = suite('lanes: resultSync() and waitSync()')

const tasks = new URL('./tasks/waited.js', import.meta.url)
const start = <L extends string>(lanes: Readonly<Record<L, LaneOptions>>) =>
  SchedulerThread.start<typeof waited, L>({ tasks, lanes })

function lengthyBound(task: TaskHandle): unknown {
  return task.resultSync({ timeout: 30_000 })
}

test('the value of a task, without a turn of the event loop', async () => {
  await using scheduler = await start({ a: {}, urgent: { priority: 'user-blocking' } })
  const { a, urgent } = scheduler.lanes
  let turned = false
  setImmediate(() => {
    turned = true
  })
  for (const lane of [a, urgent]) {
    assert.equal(lane.submit('echo', [{ one: 1 }]).resultSync(), { one: 1 })
    assert.is(lane.submit('later', [10, 'late']).resultSync(), 'late')
    for (let i = 0; i < 300; i++) assert.is(lane.submit('echo', [i]).resultSync(), i)
  }
  const task = a.submit('echo', [undefined])
  assert.is(task.waitSync(), true)
  assert.is(task.state, 'DONE')
  assert.equal(
    [task.waitSync({ timeout: 0 }), task.resultSync(), task.resultSync()],
    [true, undefined, undefined],
  )
  assert.is(turned, false)
  assert.is(await task.result(), undefined)
  await turn()
  assert.equal([await task.wait(), (await scheduler.stats()).unfinished], [true, 0])
})

test('what a task fails with is thrown, with the frames of the one who waits', async () => {
  await using scheduler = await start({ a: {} })
  const { a } = scheduler.lanes
  const failing = a.submit('fail', ['planted'])
  const error = thrownBy(() => lengthyBound(failing)) as RangeError
  assert.instance(error, RangeError)
  assert.is(error.message, 'planted')
  assert.match(error.stack ?? '', /lengthyBound/)
  assert.is(failing.waitSync(), true)
  assert.is(failing.state, 'FAILED')

  const uncloneable = a.submit('echo', [() => {}] as never)
  assert.instance(
    thrownBy(() => uncloneable.resultSync()),
    NotCloneableError,
  )
  const unknown = (a.submit as (name: string) => TaskHandle).call(a, 'nothing')
  assert.instance(
    thrownBy(() => unknown.resultSync()),
    UnknownTaskError,
  )
  const cancelled = a.submit('wait', [newGate()])
  cancelled.cancel('no longer needed')
  assert.instance(
    thrownBy(() => cancelled.resultSync()),
    TaskCanceledError,
  )
})

test('a wait whose time is over: false, or ERR_WAIT_TIMEOUT, and the task goes on', async () => {
  await using scheduler = await start({ a: {} })
  const gate = newGate()
  const task = scheduler.lanes.a.submit('wait', [gate])
  assert.is(task.waitSync({ timeout: 0 }), false)
  assert.is(task.waitSync({ timeout: 20 }), false)
  const error = thrownBy(() => task.resultSync({ timeout: 20 })) as WaitTimeoutError
  assert.instance(error, WaitTimeoutError)
  assert.equal([error.code, error.timeout], ['ERR_WAIT_TIMEOUT', 20])
  assert.match(error.message, /'wait'/)
  openGate(gate)
  assert.is(task.resultSync({ timeout: 30_000 }), 1)
})

test('an option that is not acceptable is named', async () => {
  await using scheduler = await start({ a: {} })
  const task = scheduler.lanes.a.submit('echo', [1])
  for (const [call, option] of [
    [() => task.resultSync({ timeout: -1 }), 'timeout'],
    [() => task.resultSync({ timeout: Number.NaN }), 'timeout'],
    [() => task.resultSync({ for: 'RUNNING' } as never), 'options.for'],
    [() => task.waitSync({ timeout: Number.POSITIVE_INFINITY }), 'timeout'],
    [() => task.waitSync({ for: 'DONE' as never }), 'for'],
    [() => task.waitSync(null as never), 'options'],
  ] as const) {
    const error = thrownBy(call) as { code: string; option: string }
    assert.equal([error.code, error.option], ['ERR_INVALID_ARG', option])
  }
})

test('waitSync for RUNNING is true once the task has started', async () => {
  await using scheduler = await start({ a: {} })
  const { a } = scheduler.lanes
  const gate = newGate()
  const holding = a.submit('block', [gate])
  assert.is(holding.waitSync({ for: 'RUNNING', timeout: 30_000 }), true)
  assert.is(holding.state, 'STARTED')
  const behind = a.submit('echo', [1])
  assert.is(behind.waitSync({ for: 'RUNNING', timeout: 10 }), false)
  openGate(gate)
  assert.is(behind.waitSync({ for: 'RUNNING', timeout: 30_000 }), true)
  assert.is(behind.resultSync(), 1)
  const never = a.submit('echo', [1], { delay: 60_000, queueTimeout: 10 })
  assert.is(never.waitSync({ for: 'RUNNING' }), false)
})

test('the tasks of all lanes go on meanwhile, however many there are', async () => {
  await using scheduler = await start({ a: {}, b: { threads: 2, concurrency: 3 } })
  const { a, b } = scheduler.lanes
  const gate = newGate()
  const awaited = a.submit('wait', [gate])
  const others = Array.from({ length: 5_000 }, (_, i) => b.submit('echo', [i]))
  const last = b.submit('open', [gate], { key: 'last', delay: 1 })
  assert.is(awaited.resultSync({ timeout: 60_000 }), 1)
  assert.is(last.waitSync(), true)
  for (const [i, other] of others.entries()) assert.is(other.resultSync(), i)
})

test('priorities, keys and turns hold', async () => {
  await using scheduler = await start({ a: { concurrency: 1 } })
  const { a } = scheduler.lanes
  const gate = newGate()
  const counter = newGate()
  const holding = a.submit('block', [gate])
  assert.is(holding.waitSync({ for: 'RUNNING' }), true)
  const low = Array.from({ length: 300 }, () => a.submit('count', [counter]))
  const keyed = [1, 2, 3].map(() => a.submit('count', [counter], { key: 'k' }))
  const high = a.submit('count', [counter], { priority: 5 })
  openGate(gate)
  assert.is(high.resultSync(), 1)
  const order = keyed.map(task => task.resultSync() as number)
  assert.equal(
    order,
    [...order].sort((x, y) => x - y),
  )
  assert.is(
    low.every(task => (task.resultSync() as number) > 1),
    true,
  )
})

test('what waits at its sender is seen to: delays, pauses before retries, room in a queue', async () => {
  await using scheduler = await start({
    a: {},
    full: { concurrency: 1, queue: { limit: 1, overload: 'wait' } },
  })
  const { a, full } = scheduler.lanes
  assert.is(a.submit('echo', ['late'], { delay: 30 }).resultSync(), 'late')
  assert.is(a.submit('succeedIn', [3], { retries: { limit: 2, delay: 20 } }).resultSync(), 3)
  const hopeless = a.submit('succeedIn', [4], { retries: { limit: 2, delay: 1 } })
  assert.match(String(thrownBy(() => hopeless.resultSync())), /attempt 3/)

  const gate = newGate()
  const holding = full.submit('block', [gate])
  const held = Array.from({ length: 20 }, (_, i) => full.submit('echo', [i]))
  assert.is(held.at(-1)?.state, 'NEW')
  assert.is(held.at(-1)?.waitSync({ timeout: 50 }), false)
  openGate(gate)
  assert.is(held.at(-1)?.resultSync(), 19)
  assert.is(holding.resultSync(), 'passed')
  assert.is(held[0]?.resultSync(), 0)
})

test('limits of waiting end a task while its submitter is blocked', async () => {
  await using scheduler = await start({ a: { concurrency: 1 } })
  const { a } = scheduler.lanes
  const gate = newGate()
  const holding = a.submit('block', [gate])
  assert.is(holding.waitSync({ for: 'RUNNING' }), true)
  const rows: [TaskOptions<string>, string][] = [
    [{ queueTimeout: 20 }, 'queueTimeout'],
    [{ deadline: Date.now() + 40 }, 'deadline'],
    [{ delay: 60_000, queueTimeout: 20 }, 'queueTimeout'],
  ]
  const waiting = rows.map(([options]) => a.submit('block', [gate], options))
  for (const [i, task] of waiting.entries()) {
    const error = thrownBy(() => task.resultSync()) as TaskTimeoutError
    assert.instance(error, TaskTimeoutError)
    assert.is(error.limit, rows[i]?.[1])
  }
  openGate(gate)
  assert.is(holding.resultSync(), 'passed')
})

test('a limit of running ends a task that holds its loop, and the next has a new thread', async () => {
  await using scheduler = await start({ a: { grace: 50 } })
  const { a } = scheduler.lanes
  const before = a.submit('thread').resultSync()
  const endless = a.submit('spin', [newGate()], { timeout: 50 })
  const error = thrownBy(() => endless.resultSync()) as TaskTimeoutError
  assert.instance(error, TaskTimeoutError)
  assert.is(error.limit, 'timeout')
  assert.is.not(a.submit('thread').resultSync({ timeout: 30_000 }), before)
})

test('a thread dies: what it ran fails, or is run again, on its replacement', async () => {
  await using scheduler = await start({ a: {} })
  const { a } = scheduler.lanes
  const lost = a.submit('surviveIn', [9])
  const error = thrownBy(() => lost.resultSync()) as LaneError
  assert.instance(error, LaneError)
  assert.equal([error.code, error.exitCode], ['ERR_LANE_EXITED', 7])
  assert.is(a.submit('surviveIn', [2], { idempotent: true }).resultSync({ timeout: 30_000 }), 2)
  assert.is(a.submit('surviveIn', [3], { idempotent: true, key: 'k' }).resultSync({ timeout: 30_000 }), 3)
  assert.is(a.submit('echo', [1]).resultSync(), 1)
})

test('a lane that is given up ends what waits for it', async () => {
  await using scheduler = await start({ a: { restart: { max: 0 } }, b: {} })
  const { a, b } = scheduler.lanes
  const killing = a.submit('surviveIn', [9])
  const behind = Array.from({ length: 300 }, (_, i) => a.submit('echo', [i]))
  assert.is((thrownBy(() => killing.resultSync()) as LaneError).code, 'ERR_LANE_EXITED')
  assert.is((thrownBy(() => behind.at(-1)?.resultSync()) as LaneError).code, 'ERR_LANE_FAILED')
  assert.is((thrownBy(() => a.submit('echo', [1])) as LaneError).code, 'ERR_LANE_FAILED')
  assert.is(b.submit('echo', [1]).resultSync(), 1)
})

test('a lane grows for a task that is waited for', async () => {
  await using scheduler = await start({ a: { concurrency: 1, threads: { min: 1, max: 2 } } })
  const { a } = scheduler.lanes
  const gate = newGate()
  const holding = a.submit('block', [gate])
  const behind = a.submit('open', [gate])
  assert.is(behind.waitSync({ timeout: 30_000 }), true)
  assert.is(holding.resultSync(), 'passed')
})

test('what is handed over arrives', async () => {
  await using scheduler = await start({ a: {} })
  const buffer = new ArrayBuffer(1_000)
  assert.is(scheduler.lanes.a.submit('size', [buffer], { transfer: [buffer] }).resultSync(), 1_000)
  assert.is(buffer.byteLength, 0)
})

test('lanes start while the thread that asked for them is blocked, and so is their failure told', async () => {
  const scheduler = new SchedulerThread<typeof waited, 'a' | 'b'>({ tasks, lanes: { a: {}, b: {} } })
  const started = scheduler.start()
  assert.is(scheduler.lanes.b.submit('echo', ['early']).resultSync({ timeout: 30_000 }), 'early')
  await started
  await scheduler.close()

  const missing = new SchedulerThread({
    tasks: new URL('./tasks/missing.js', import.meta.url),
    lanes: { a: {} },
  })
  const failing = missing.start()
  failing.catch(() => {})
  const task = missing.lanes.a.submit('echo', [1])
  assert.instance(
    thrownBy(() => task.resultSync({ timeout: 30_000 })),
    TaskLoadError,
  )
  assert.instance(await failing.catch(error => error), TaskLoadError)
})

test('a supervisor that dies while it is waited ends the wait', async () => {
  const [script, killer] = ['sync-wait-forsaken', 'supervisor-exits'].map(
    name => new URL(`./scripts/${name}.js`, import.meta.url),
  )
  const { end, stdout } = await runScript(script!, killer)
  assert.equal([end, stdout], [0, 'ERR_LANE_CLOSED\n'])
})

test('a worker that owns a scheduler may wait so too', async () => {
  const worker = new Worker(new URL('./scripts/sync-owner.js', import.meta.url))
  const [values] = await once(worker, 'message')
  assert.equal(
    values,
    Array.from({ length: 100 }, (_, i) => i),
  )
})

test('nothing is left behind: no timer, no listener, and the next wait is as the first', async () => {
  await using scheduler = await start({ a: {}, b: { threads: 2 } })
  const { a, b } = scheduler.lanes
  await turn()
  const before = process.getActiveResourcesInfo().sort()
  const gate = newGate()
  for (let i = 0; i < 50; i++) {
    assert.is(a.submit('echo', [i], { timeout: 60_000 }).resultSync(), i)
    assert.is(
      b.submit('wait', [gate], { delay: 1, deadline: Date.now() + 60_000 }).waitSync({ timeout: 3 }),
      false,
    )
  }
  openGate(gate)
  await scheduler.drain()
  for (let i = 0; i < 5; i++) await new Promise(resolve => setTimeout(resolve, 5))
  assert.equal(process.getActiveResourcesInfo().sort(), before)
  assert.is(arrivals(gate), 50)
  assert.is((await scheduler.stats()).strays, 0)
})

test('a wait that is begun while the scheduler ends is over when the scheduler cancels what is left', async () => {
  for (const end of ['stop', 'close', 'stop and close'] as const) {
    for (const isLater of [false, true]) {
      await using scheduler = await start({ a: { concurrency: 1 } })
      const { a } = scheduler.lanes
      const gate = newGate()
      const cancelled: TaskHandle[] = []
      const options = { onCancel: (task: TaskHandle) => cancelled.push(task) }
      const running = a.submit('wait', [gate], options)
      const waiting = a.submit('echo', [1], options)
      await running.wait({ for: 'RUNNING' })
      const ends: Promise<void>[] = []
      if (end !== 'close') ends.push(scheduler.stop())
      if (end !== 'stop') ends.push(scheduler.close({ timeout: 60 }))
      if (isLater) await turn()
      // Bounded, so that it says what it was, and not that it hung.
      const told = `${end}, ${isLater ? 'in a later turn' : 'at once'}`
      assert.is(waiting.waitSync({ for: 'RUNNING', timeout: 20_000 }), false, told)
      const error = thrownBy(() => running.resultSync({ timeout: 20_000 }))
      assert.instance(error, TaskCanceledError, told)
      assert.equal([running.state, waiting.state], ['CANCELED', 'CANCELED'])
      openGate(gate)
      await Promise.all(ends)
      assert.equal(new Set(cancelled), new Set([running, waiting]), told)
    }
  }
})

test.run()
