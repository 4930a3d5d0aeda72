// @time-limit 120s
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import {
  AsyncScheduler,
  ClosedError,
  LaneError,
  type RestartEvent,
  SchedulerThread,
  SyncTask,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf, rejectionOf, thrownBy } from '../support/rejection.js'
import { skipUnless } from '../support/skip.js'
import { newRefusal, refusals, refuseThreads } from '../support/thread-refusal.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: threads that the operating system does not give')

const tasks = new URL('./tasks/plain.js', import.meta.url)
const killers = new URL('../faults/tasks/thread-killers.js', import.meta.url)
const refusal = newRefusal()

test.after.each(() => refuseThreads(refusal, false))

type Names = 'growing' | 'other'

async function start(restart = { max: 5, within: 10_000 }) {
  const scheduler = await SchedulerThread.start<typeof plain, Names>({
    tasks,
    lanes: {
      growing: { concurrency: 1, threads: { min: 1, max: 4, idleTimeout: 60_000 }, restart },
      other: {},
    },
  })
  const told: unknown[] = []
  const restarts: RestartEvent[] = []
  scheduler.on('error', error => told.push(error))
  scheduler.on('restart', event => restarts.push(event))
  return { scheduler, told, restarts, [Symbol.asyncDispose]: () => scheduler.close() }
}

test('a lane that cannot grow goes on as it is, tells of it once, and grows when there are threads', async () => {
  await using made = await start()
  const { scheduler, told, restarts } = made
  refuseThreads(refusal, true)
  const before = refusals(refusal)
  const gate = newGate()
  const held = Array.from({ length: 6 }, () => scheduler.lanes.growing.run('block', [gate]))
  await eventually('it was refused three', () => refusals(refusal) - before >= 3)
  assert.is(arrivals(gate), 1)
  assert.is(await scheduler.lanes.other.run('echo', [1]), 1)
  assert.is(told.length, 1)
  const [error] = told as [LaneError]
  assert.equal([error.code, error.lane], ['ERR_LANE_EXITED', 'growing'])
  assert.match(error.message, /operating system gave none \(EAGAIN\)/)
  refuseThreads(refusal, false)
  await arrived(gate, 4)
  openGate(gate)
  assert.equal(await Promise.all(held), Array(6).fill('passed'))
  assert.is(told.length, 1)
  assert.is(restarts.length, 0)
})

test('a lane that has no thread any more and gets none is closed, and no other', async () => {
  await using made = await start({ max: 3, within: 10_000 })
  const { scheduler, restarts } = made
  const { growing, other } = scheduler.lanes
  const [gate, otherGate] = [newGate(), newGate()]
  const otherTask = other.run('wait', [otherGate])
  const looping = growing.submit('spin', [gate], { timeout: 50 })
  await arrived(gate)
  refuseThreads(refusal, true)
  const waiting = growing.submit('echo', [1])
  assert.is((await rejectionOf(looping.result(), Error)).name, 'TaskTimeoutError')
  const error = await rejectionOf(waiting.result(), LaneError)
  assert.is(error.code, 'ERR_LANE_FAILED')
  assert.match((error.cause as Error).message, /operating system gave none/)
  assert.ok(restarts.length >= 3)
  openGate(otherGate)
  assert.is(await otherTask, 1)
})

test('a lane that has lost its thread works again once there are threads', async () => {
  await using made = await start()
  const { growing } = made.scheduler.lanes
  const gate = newGate()
  const looping = growing.submit('spin', [gate], { timeout: 50 })
  await arrived(gate)
  refuseThreads(refusal, true)
  const before = refusals(refusal)
  await reasonOf(looping.result())
  await eventually('it was refused one', () => refusals(refusal) > before)
  refuseThreads(refusal, false)
  assert.is(await growing.run('echo', [1]), 1)
})

test('threads above the least that are lost are not missed', async () => {
  await using made = await start({ max: 2, within: 60_000 })
  const { scheduler, told } = made
  const { growing } = scheduler.lanes
  const gate = newGate()
  const held = Array.from({ length: 4 }, () => growing.submit('block', [gate]))
  await arrived(gate, 4)
  refuseThreads(refusal, true)
  const before = refusals(refusal)
  // Each of them holds its loop, and so costs its thread.
  for (const task of held.slice(1)) task.cancel()
  await eventually('all three were refused', () => refusals(refusal) - before >= 3)
  await eventually('it is told', () => told.length > 0)
  openGate(gate)
  assert.is(await held[0]!.result(), 'passed')
  assert.is(await growing.run('echo', [1]), 1)
  assert.is(told.length, 1)
})

test('a start that gets no thread rejects, and the next one has them', async () => {
  const scheduler = new SchedulerThread<typeof plain, 'a' | 'b'>({
    tasks,
    lanes: { a: { threads: 2 }, b: {} },
  })
  const starting = scheduler.start()
  refuseThreads(refusal, true)
  const error = await rejectionOf(starting, LaneError)
  assert.is(error.code, 'ERR_LANE_EXITED')
  assert.match(error.message, /operating system gave none/)
  refuseThreads(refusal, false)
  await scheduler.start()
  assert.is(await scheduler.lanes.a.run('echo', [1]), 1)
  await scheduler.close()
})

test('a start that gets no thread for its supervisor rejects, and the next one has it', async () => {
  const scheduler = new SchedulerThread<typeof plain, 'a'>({ tasks, lanes: { a: {} } })
  refuseThreads(refusal, true)
  const error = await rejectionOf(scheduler.start(), LaneError)
  assert.is(error.code, 'ERR_LANE_CLOSED')
  assert.match(error.message, 'the supervisor thread could not start: EAGAIN')
  assert.is((error.cause as { code?: unknown }).code, 'ERR_WORKER_INIT_FAILED')
  thrownBy(() => scheduler.lanes.a.submit('echo', [1]), ClosedError)
  refuseThreads(refusal, false)
  await scheduler.start()
  assert.is(await scheduler.lanes.a.run('echo', [1]), 1)
  await scheduler.stop()
  refuseThreads(refusal, true)
  await rejectionOf(scheduler.start(), LaneError)
  thrownBy(() => scheduler.lanes.a.submit('echo', [1]), ClosedError)
  await rejectionOf(scheduler.stats(), ClosedError)
  await scheduler.close()
})

const echo = new SyncTask(tasks, 'echo', [1])

test('blocking functions take turns on the threads there are', async () => {
  await using scheduler = await AsyncScheduler.start({ pool: { threads: 4 } })
  const told: unknown[] = []
  scheduler.on('error', error => told.push(error))
  assert.is(await scheduler.run(echo), 1)
  refuseThreads(refusal, true)
  const before = refusals(refusal)
  const many = Array.from({ length: 50 }, () => scheduler.run(echo))
  assert.equal(await Promise.all(many), Array(50).fill(1))
  assert.is(told.length, 1)
  assert.ok(refusals(refusal) - before <= 8, `${refusals(refusal) - before} in vain`)
  refuseThreads(refusal, false)
  const gate = newGate()
  const held = () => scheduler.run(new SyncTask(tasks, 'block', [gate]))
  const first = [held(), held()]
  await eventually('there are more threads', async () => {
    if (arrivals(gate) === 2) return true
    await scheduler.run(echo, { priority: 1 }).catch(() => {})
    return false
  })
  openGate(gate)
  await Promise.all(first)
})

test('blocking functions for which there is no thread at all fail, and later ones run', async () => {
  const scheduler = await AsyncScheduler.start({ pool: { threads: 4 } })
  refuseThreads(refusal, true)
  const bytes = new Uint8Array(8)
  const refused = [
    scheduler.run(echo),
    scheduler.run(new SyncTask(tasks, 'echo', [bytes]), { transfer: [bytes.buffer] }),
    ...Array.from({ length: 10 }, () => scheduler.run(echo)),
  ]
  for (const task of refused) {
    const error = await rejectionOf(task, LaneError)
    assert.is(error.code, 'ERR_LANE_EXITED')
    assert.match(error.message, /operating system gave none/)
    assert.is((error.cause as { code?: unknown }).code, 'ERR_WORKER_INIT_FAILED')
  }
  assert.is(bytes.length, 8)
  refuseThreads(refusal, false)
  assert.is(await scheduler.run(echo), 1)
  await scheduler.close()
})

test('what waits for the one thread there is fails if that dies and no other is given', async () => {
  const scheduler = await AsyncScheduler.start({ pool: { threads: 2 } })
  scheduler.on('error', () => {})
  assert.is(await scheduler.run(echo), 1)
  refuseThreads(refusal, true)
  const dying = scheduler.run(new SyncTask(killers, 'exit', [3]))
  const waiting = scheduler.run(echo)
  await rejectionOf(dying, LaneError)
  assert.is((await rejectionOf(waiting, LaneError)).code, 'ERR_LANE_EXITED')
  await scheduler.close()
})

const script = fileURLToPath(new URL('./scripts/few-threads.js', import.meta.url))
/** One that nobody else is likely to be: the limit counts all threads of a user. */
const user = 100_000 + process.pid
const asUser = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', process.execPath]

/** The limit does not bind root, and only root can be somebody else. */
function canLimit(): boolean {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'ignore' })
    execFileSync('setpriv', [...asUser, '--check', script], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

skipUnless(canLimit(), 'needs prlimit, and root for setpriv')(test)('a real limit on threads', async () => {
  const child = spawn('setpriv', [...asUser, script], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  child.on('message', question => {
    const threads = readdirSync(`/proc/${child.pid}/task`).length
    const limit = question === 'limit' ? threads : threads + 50
    execFileSync('prlimit', [`--pid=${child.pid}`, `--nproc=${limit}:`], { uid: user, gid: user })
    child.send('done')
  })
  const exited = once(child, 'exit')
  assert.equal((await text(child.stdout!)).split('\n'), [
    'ERR_LANE_EXITED 1 1 ERR_LANE_EXITED',
    'passed,passed,passed 2',
    '',
  ])
  assert.is((await exited)[0], 0)
})

test.run()
