// @time-limit 120s
import { threadId } from 'node:worker_threads'
import {
  AsyncScheduler,
  type AsyncSchedulerOptions,
  LaneError,
  MultilaneError,
  NotCloneableError,
  type RestartEvent,
  ResultNotCloneableError,
  SyncTask,
  TaskLoadError,
  TaskThrewError,
  TaskTimeoutError,
  UnknownTaskError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf, rejectionOf, thrownBy } from '../support/rejection.js'

const test = suite('lanes: SyncTasks')

const file = (path: string): URL => new URL(`../faults/tasks/${path}`, import.meta.url)
const KILLERS = file('thread-killers.js')
const THROWERS = file('throwers.js')
const STRAYS = file('stray-errors.js')
const HOLDERS = file('loop-holders.js')
const PLAIN = new URL('./tasks/plain.js', import.meta.url)
const SELF_AWARE = new URL('./tasks/self-aware.js', import.meta.url)
const BUFFERS = new URL('./tasks/buffers.js', import.meta.url)
const source = (text: string): string => `data:text/javascript,${encodeURIComponent(text)}`

async function start(options: AsyncSchedulerOptions = {}) {
  const scheduler = await AsyncScheduler.start({ grace: 30, ...options })
  const reported: unknown[] = []
  const restarts: RestartEvent[] = []
  scheduler.on('error', error => reported.push(error))
  scheduler.on('restart', event => restarts.push(event))
  return { scheduler, reported, restarts, [Symbol.asyncDispose]: () => scheduler.close() }
}

const ONE = { pool: { threads: 1 } }

test('a function of a module runs on another thread, with its arguments cloned', async () => {
  await using made = await start()
  const { scheduler } = made
  const value = { list: [1, new Map([['key', new Date(0)]])] }
  const echoed = await scheduler.run(new SyncTask(PLAIN, 'echo', [value]))
  assert.equal(echoed, value)
  assert.is.not(echoed, value)
  assert.is.not(await scheduler.run(new SyncTask(PLAIN, 'thread')), threadId)
  const asPath = new SyncTask(PLAIN.pathname, 'echoLater', [3])
  assert.is(await scheduler.run(asPath), 3)
})

test('what it throws arrives as it was, and what cannot be cloned is named', async () => {
  await using made = await start(ONE)
  const { scheduler } = made
  const of = (name: string, ...args: unknown[]) => scheduler.run(new SyncTask(THROWERS, name, args))
  const payment = (await reasonOf(of('throwPayment'))) as Error & { cause: Error }
  assert.equal([payment.message, payment.cause.constructor], ['declined', TypeError])
  assert.is((await rejectionOf(of('throwValue', 'null'), TaskThrewError)).value, null)
  assert.is(
    (await rejectionOf(of('throwValue', 'function'), MultilaneError)).code,
    'ERR_RESULT_NOT_CLONEABLE',
  )
  const nested = await rejectionOf(of('give', 'nested'), ResultNotCloneableError)
  assert.is(nested.path, 'result.list[1].handler')
  const argument = await rejectionOf(of('echo', 1, { inner: () => 1 }), NotCloneableError)
  assert.is(argument.path, 'args[1].inner')
  assert.is(await of('echo', 'and it goes on'), 'and it goes on')
})

test('a module that cannot be loaded, or has no such function', async () => {
  await using made = await start({ pool: { threads: 1, startTimeout: 200 } })
  const { scheduler } = made
  const of = (module: URL | string, name = 'run') => scheduler.run(new SyncTask(module, name))
  await rejectionOf(of(file('missing.js')), TaskLoadError)
  await rejectionOf(of(source('export const =')), TaskLoadError)
  const hangs = await rejectionOf(of(source('await new Promise(() => {})')), LaneError)
  assert.is(hangs.code, 'ERR_LANE_START_TIMEOUT')
  const spins = await rejectionOf(of(source('for (;;);')), LaneError)
  assert.equal([spins.code, spins.lane], ['ERR_LANE_START_TIMEOUT', 'pool'])
  const unknown = await rejectionOf(of(BUFFERS, 'nobody'), UnknownTaskError)
  assert.ok(unknown.names.includes('sizeOf'))
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'echo', [1])), 1)
})

test('process.exit ends the thread, the task fails with the exit code, and the next has another thread', async () => {
  await using made = await start(ONE)
  const { scheduler, restarts } = made
  const waiting = [1, 2].map(value => new SyncTask(PLAIN, 'echo', [value]))
  const exits = scheduler.run(new SyncTask(KILLERS, 'exit', [7]))
  const others = waiting.map(task => scheduler.run(task))
  const error = await rejectionOf(exits, LaneError)
  assert.equal([error.code, error.exitCode, error.lane], ['ERR_LANE_EXITED', 7, 'pool'])
  assert.equal(await Promise.all(others), [1, 2])
  assert.equal(
    [restarts.length, restarts[0]?.lane, (await scheduler.stats()).lanes.pool?.restarts],
    [1, 'pool', 1],
  )
})

test('a heap that is exhausted', async () => {
  await using made = await start({ pool: { threads: 1, resourceLimits: { maxOldGenerationSizeMb: 16 } } })
  const { scheduler } = made
  const error = await rejectionOf(scheduler.run(new SyncTask(KILLERS, 'exhaustHeap')), LaneError)
  assert.is(error.code, 'ERR_LANE_OOM')
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'echo', [1])), 1)
})

test('an idempotent one whose thread dies is tried three times, one with a key too', async () => {
  await using made = await start(ONE)
  const { scheduler } = made
  for (const options of [{ idempotent: true }, { idempotent: true, key: 'k' }]) {
    const gate = newGate()
    const task = scheduler.submitTask(new SyncTask(KILLERS, 'markAndExit', [gate]), options)
    assert.is((await rejectionOf(task.result(), LaneError)).code, 'ERR_LANE_EXITED')
    assert.equal([arrivals(gate), scheduler.taskInfo(task).attempt], [3, 3])
  }
})

test('an error that strays while a task runs is its own; one that comes later is nobody’s', async () => {
  await using made = await start(ONE)
  const { scheduler, reported, restarts } = made
  for (const how of ['rejection', 'timer'] as const) {
    const gate = newGate()
    const running = await reasonOf(scheduler.run(new SyncTask(STRAYS, 'strayWhileRunning', [how, gate])))
    openGate(gate)
    assert.match((running as Error).message, `${how} while running`)
  }
  for (const how of ['rejection', 'timer'] as const) {
    const late = new SyncTask(STRAYS, 'strayAfterLaterResult', [how])
    assert.is(await scheduler.run(late), 'the result')
    assert.is(await scheduler.run(new SyncTask(PLAIN, 'echoLater', [1])), 1)
    await eventually('it is reported', () => reported.some(error => String(error).includes(`${how} after`)))
  }
  assert.equal([reported.length, restarts.length], [2, 0])
})

test('cancelled while it waits for a thread it never runs', async () => {
  await using made = await start(ONE)
  const { scheduler } = made
  const [gate, other] = [newGate(), newGate()]
  const blocking = scheduler.submitTask(new SyncTask(PLAIN, 'block', [gate]))
  const waiting = scheduler.submitTask(new SyncTask(PLAIN, 'mark', [other]))
  await arrived(gate)
  assert.is(waiting.state, 'SUBMITTED')
  assert.equal([waiting.cancel(), waiting.cancel(), waiting.state], [true, false, 'CANCELED'])
  openGate(gate)
  await blocking.result()
  await scheduler.run(new SyncTask(PLAIN, 'echo'))
  assert.is(arrivals(other), 0)
})

test('one on its way to a thread that is being started can be cancelled, and never runs', async () => {
  await using made = await start(ONE)
  const { scheduler } = made
  const gate = newGate()
  const task = scheduler.submitTask(new SyncTask(PLAIN, 'mark', [gate]))
  await eventually('it is sent', () => task.state === 'SCHEDULED')
  assert.is((await scheduler.stats()).lanes.pool?.waiting, 1)
  assert.equal([task.cancel('not now'), task.state], [true, 'CANCELED'])
  await scheduler.run(new SyncTask(PLAIN, 'echo'))
  assert.is(arrivals(gate), 0)
})

test('a loop that looks whether it was cancelled stops, and keeps its thread', async () => {
  await using made = await start(ONE)
  const { scheduler, restarts } = made
  const thread = await scheduler.run(new SyncTask(PLAIN, 'thread'))
  const gate = newGate()
  const last = new Int32Array(new SharedArrayBuffer(4))
  const task = scheduler.submitTask(new SyncTask(HOLDERS, 'spinUntilCancelled', [gate, last]))
  await arrived(gate)
  assert.is(task.cancel(), true)
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'thread')), thread)
  assert.equal([Atomics.load(last, 0), restarts.length], [thread, 0])
})

test('a loop that never looks costs the thread, and no other task', async () => {
  await using made = await start({ pool: { threads: 2 } })
  const { scheduler, restarts } = made
  const [gate, spinning] = [newGate(), newGate()]
  const neighbour = scheduler.submitTask(new SyncTask(PLAIN, 'block', [gate]))
  const endless = scheduler.submitTask(new SyncTask(PLAIN, 'spin', [spinning]), { timeout: 50 })
  await arrived(gate)
  assert.is((await rejectionOf(endless.result(), TaskTimeoutError)).limit, 'timeout')
  await eventually('its thread is ended', () => restarts.length === 1)
  const { code, holders } = restarts[0]!.error as LaneError
  assert.equal([code, holders], ['ERR_LANE_TERMINATED', ['spin']])
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'echo', [1])), 1)
  assert.is(neighbour.state, 'STARTED')
  openGate(gate)
  assert.is(await neighbour.result(), 'passed')
})

test('the next of a key begins when the thread of the one before is gone', async () => {
  await using made = await start({ pool: { threads: 2 } })
  const { scheduler } = made
  const gates = [newGate(), newGate()] as const
  const first = scheduler.submitTask(new SyncTask(PLAIN, 'block', [gates[0]]), { key: 'k' })
  const second = scheduler.submitTask(new SyncTask(PLAIN, 'mark', [gates[1]]), { key: 'k' })
  await arrived(gates[0])
  await scheduler.run(new SyncTask(PLAIN, 'echo'))
  assert.is(second.state, 'SUBMITTED')
  first.cancel()
  await second.result()
  assert.is(arrivals(gates[1]), 1)
})

test('limits of waiting and of both together', async () => {
  await using made = await start(ONE)
  const { scheduler } = made
  const gate = newGate()
  const blocking = scheduler.submitTask(new SyncTask(PLAIN, 'block', [gate]))
  await arrived(gate)
  const run = (options: object) => scheduler.run(new SyncTask(PLAIN, 'echo'), options)
  const limits = [run({ queueTimeout: 30 }), run({ deadline: Date.now() + 30 })]
  const errors = await Promise.all(limits.map(run => rejectionOf(run, TaskTimeoutError)))
  assert.equal(
    errors.map(({ limit }) => limit),
    ['queueTimeout', 'deadline'],
  )
  assert.is(blocking.state, 'STARTED')
  openGate(gate)
  await blocking.result()
})

test('what is handed over is gone here, and not handed over twice', async () => {
  await using made = await start(ONE)
  const { scheduler } = made
  const buffer = new ArrayBuffer(64)
  const size = new SyncTask(BUFFERS, 'sizeOf', [buffer])
  assert.is(await scheduler.run(size, { transfer: [buffer] }), 64)
  assert.is(buffer.byteLength, 0)
})

test('a task knows itself', async () => {
  await using made = await start(ONE)
  const { scheduler } = made
  const deadline = Date.now() + 60_000
  const task = scheduler.submitTask(new SyncTask(SELF_AWARE, 'lookOften', [], { name: 'looker' }), {
    deadline,
  })
  const seen = (await task.result()) as readonly { deadline: number }[]
  assert.is(seen.length, 4)
  for (const { deadline: told, ...rest } of seen) {
    const known = { id: task.id, name: 'looker', lane: 'pool', attempt: 1, cancelled: false, aborted: false }
    assert.equal(rest, known)
    assert.ok(Math.abs(told - deadline) < 5)
  }
})

test('an asynchronous one is told of its cancel by its signal', async () => {
  await using made = await start({ pool: { threads: 1 }, grace: 5_000 })
  const { scheduler, restarts } = made
  const gate = newGate()
  const task = scheduler.submitTask(new SyncTask(SELF_AWARE, 'untilAborted', [gate]))
  await arrived(gate)
  task.cancel()
  await arrived(gate, 2)
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'echo', [1])), 1)
  assert.is(restarts.length, 0)
})

test('idle threads leave, and come back with work', async () => {
  await using made = await start({ pool: { threads: 2, idleTimeout: 20 } })
  const { scheduler, restarts } = made
  const threads = async () => (await scheduler.stats()).lanes.pool?.threads
  assert.is(await threads(), 0)
  await scheduler.run(new SyncTask(PLAIN, 'echo'))
  await eventually('it has left', async () => (await threads()) === 0)
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'echo', [1])), 1)
  assert.is(restarts.length, 0)
})

test('never more at a time than there are threads', async () => {
  await using made = await start({ pool: { threads: 2 } })
  const { scheduler } = made
  const gate = newGate()
  const tasks = [1, 2, 3, 4].map(() => scheduler.submitTask(new SyncTask(PLAIN, 'block', [gate])))
  await arrived(gate, 2)
  await scheduler.run(new SyncTask(PLAIN, 'echo'), { queueTimeout: 50 }).catch(() => {})
  assert.is(arrivals(gate), 2)
  const { waiting, running, threads } = (await scheduler.stats()).lanes.pool!
  assert.equal([waiting, running, threads], [2, 2, 2])
  openGate(gate)
  await Promise.all(tasks.map(task => task.result()))
  const { runs, waits, finished } = (await scheduler.stats()).lanes.pool!
  assert.equal([runs.count, waits.count, finished.DONE], [4, 4, 4])
})

test('threads that cannot be started are not started for ever', async () => {
  await using made = await start({ pool: { threads: 2, execArgv: ['--no-such-option'] } })
  const { scheduler } = made
  const error = await rejectionOf(scheduler.run(new SyncTask(PLAIN, 'echo')), LaneError)
  assert.is(error.code, 'ERR_LANE_EXITED')
  assert.match(String((error.cause as Error).message), 'no-such-option')
})

test('threads that die at once are not started for ever either', async () => {
  const dies = `data:text/javascript,process.exit(9)`
  await using made = await start({ pool: { threads: 2, execArgv: ['--import', dies] } })
  const { scheduler } = made
  const tasks = [1, 2, 3].map(value => scheduler.run(new SyncTask(PLAIN, 'echo', [value])))
  for (const task of tasks) assert.is((await rejectionOf(task, LaneError)).code, 'ERR_LANE_EXITED')
})

test('close ends a loop that never ends, within its time', async () => {
  const { scheduler } = await start(ONE)
  const gate = newGate()
  const endless = scheduler.submitTask(new SyncTask(PLAIN, 'spin', [gate]))
  const ended = reasonOf(endless.result())
  await arrived(gate)
  await scheduler.close({ timeout: 200 })
  assert.is(endless.state, 'CANCELED')
  await ended
})

test('mistakes are named at once', () => {
  const named = (call: () => unknown): string | undefined =>
    (thrownBy(call, MultilaneError) as { option?: string }).option
  assert.is(
    named(() => new SyncTask('tasks.js', 'run')),
    'module',
  )
  assert.is(
    named(() => new SyncTask(PLAIN, '')),
    'call',
  )
  assert.is(
    named(() => new SyncTask(PLAIN, 'run', 'x' as never)),
    'args',
  )
  assert.is(
    named(() => new SyncTask(PLAIN, 'run', [], { title: 'x' } as never)),
    'options.title',
  )
})

test.run()
