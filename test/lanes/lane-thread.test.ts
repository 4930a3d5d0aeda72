import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { ThreadPort } from '#src/bridge/port.js'
import type { LaneToSupervisor } from '#src/bridge/protocol/lane-to-supervisor.js'
import type { LaneSetup } from '#src/lanes/lane-config.js'
import { LaneThread } from '#src/lanes/lane-thread.js'
import type { Lease } from '#src/lanes/lease.js'
import { threadSurroundings } from '#src/lanes/surroundings.js'
import { newDurations } from '#src/lanes/task-timings.js'
import { eventually } from '../support/eventually.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lane thread')

const CONFIG = { name: 'lane', startTimeout: 100 } as LaneSetup

test('one that is ready when its start has timed out gets no tasks any more', async () => {
  const clock = new ManualClock()
  const log: string[] = []
  let control: MessagePort | undefined
  let taken = 0
  const pool = {
    onError: () => {},
    worker: () => undefined,
    replaceNoMore: () => {},
    destroy: () => Promise.resolve(),
    lease: (terms: Lease, signal: AbortSignal) => {
      control = terms.control
      return new Promise((_, reject) => {
        // It is ended, but not at once.
        signal.addEventListener('abort', () => log.push('aborted'))
        setTimeout(() => reject(Object.assign(new Error(), { name: 'AbortError' })), 50)
      })
    },
  }
  const surroundings = {
    ...threadSurroundings,
    clock,
    timers: clock,
    channel: () => new MessageChannel(),
    open: (end: MessagePort) => {
      end.on('message', () => taken++)
      return new ThreadPort(end)
    },
  }
  const durations = { waits: newDurations(), runs: newDurations() }
  const thread = new LaneThread(1, CONFIG, { pool, surroundings }, 0, durations, {
    ready: () => log.push('ready'),
    lost: (_, error) => log.push((error as Error & { code: string }).code),
    exited: () => log.push('exited'),
    message: () => {},
  })
  clock.runFor(100)
  assert.equal(log, ['aborted'])
  control!.postMessage({ type: 'ready', names: [], os: 'normal' })
  await eventually('its word has come', () => taken === 1)
  assert.is(thread.isReady, false)
  await eventually('it is gone', () => log.includes('exited'))
  assert.equal(log, ['aborted', 'ERR_LANE_START_TIMEOUT', 'exited'])
})

test('one whose first word is read when it has exited is gone', async () => {
  const log: string[] = []
  let control: MessagePort | undefined
  let fail: (error: Error) => void = () => {}
  const pool = {
    onError: () => {},
    worker: () => undefined,
    replaceNoMore: () => {},
    destroy: () => Promise.resolve(),
    lease: (terms: Lease) => {
      control = terms.control
      return new Promise((_, reject) => {
        fail = reject
      })
    },
  }
  const durations = { waits: newDurations(), runs: newDurations() }
  const from = { pool, surroundings: threadSurroundings }
  const config = { ...CONFIG, startTimeout: 60_000 }
  new LaneThread(1, config, from, 0, durations, {
    ready: () => log.push('ready'),
    lost: (_, error) => log.push((error as Error & { code: string }).code),
    exited: () => log.push('exited'),
    message: () => {},
  })
  control!.postMessage({ type: 'booted', version: 1, threadId: 7 })
  control!.close()
  await new Promise(resolve => setTimeout(resolve, 50))
  fail(new Error('the worker has ended'))
  await eventually('it is gone', () => log.includes('exited'))
  assert.equal(log, ['ERR_LANE_EXITED', 'exited'])
})

test('one whose ports close seconds before its death is seen has died of that', async () => {
  const clock = new ManualClock()
  const log: string[] = []
  let control: MessagePort | undefined
  let fail: (error: Error) => void = () => {}
  const pool = {
    onError: () => {},
    worker: () => undefined,
    replaceNoMore: () => {},
    destroy: () => Promise.resolve(),
    lease: (terms: Lease, signal: AbortSignal) => {
      control = terms.control
      return new Promise((_, reject) => {
        fail = reject
        signal.addEventListener('abort', () => log.push('aborted'))
      })
    },
  }
  let isClosed = false
  const surroundings = {
    ...threadSurroundings,
    clock,
    timers: clock,
    open: (end: MessagePort) => {
      end.on('close', () => {
        isClosed = true
      })
      return new ThreadPort(end)
    },
  }
  const durations = { waits: newDurations(), runs: newDurations() }
  const config = { ...CONFIG, startTimeout: 60_000 }
  const thread = new LaneThread(1, config, { pool, surroundings }, 0, durations, {
    ready: () => {},
    lost: (_, error) => log.push((error as Error & { code: string }).code),
    exited: () => log.push('exited'),
    message: () => {},
  })
  control!.close()
  await eventually('its control port has closed', () => isClosed)
  thread.linkLost()
  clock.runFor(4_000)
  fail(Object.assign(new Error(), { code: 'ERR_WORKER_OUT_OF_MEMORY' }))
  await eventually('it is gone', () => log.includes('exited'))
  assert.equal(log, ['ERR_LANE_OOM', 'exited'])
})

/** A thread of which nothing runs: what it says and shows is the test's. */
function quietThread() {
  const clock = new ManualClock()
  const log: string[] = []
  let fail: (error: unknown) => void = () => {}
  let control: MessagePort | undefined
  const pool = {
    onError: () => {},
    worker: () => undefined,
    replaceNoMore: () => {},
    destroy: () => Promise.resolve(),
    lease: (terms: Lease, signal: AbortSignal) =>
      new Promise((_resolve, reject) => {
        control = terms.control
        fail = reject
        signal.addEventListener('abort', () => reject(Object.assign(new Error(), { name: 'AbortError' })))
      }),
  }
  const durations = { waits: newDurations(), runs: newDurations() }
  const config = { ...CONFIG, startTimeout: 60_000 }
  const from = { pool, surroundings: { ...threadSurroundings, clock, timers: clock } }
  const thread = new LaneThread(1, config, from, 0, durations, {
    ready: () => {},
    lost: (_, error) => log.push((error as Error & { code: string }).code),
    exited: () => log.push('exited'),
    message: (_, { type }) => log.push(type),
  })
  const dies = (code: string): void => fail(Object.assign(new Error(), { code }))
  return {
    thread,
    clock,
    log,
    fail: dies,
    say: (message: LaneToSupervisor) => control!.postMessage(message),
    closeControl: () => control!.close(),
  }
}

test('one whose ports have closed is ended if it does not die', async () => {
  const { thread, clock, log, closeControl } = quietThread()
  closeControl()
  thread.linkLost()
  clock.runFor(10_000)
  await eventually('it is gone', () => log.includes('exited'))
  assert.equal(log, ['ERR_LANE_CLOSED', 'exited'])
})

test('one that dies slowly, one port after the other, tells its own cause', async () => {
  const { thread, clock, log, fail } = quietThread()
  thread.linkLost()
  clock.runFor(1_000)
  fail('ERR_WORKER_OUT_OF_MEMORY')
  await eventually('it is gone', () => log.includes('exited'))
  assert.equal(log, ['ERR_LANE_OOM', 'exited'])
})

test('one whose port has closed, and that shows that it lives, is ended', async () => {
  const { thread, clock, log } = quietThread()
  thread.linkLost()
  thread.block.giveSign()
  clock.runFor(100)
  await eventually('it is gone', () => log.includes('exited'))
  assert.equal(log, ['ERR_LANE_CLOSED', 'exited'])
})

test('what one had said before it died is heard before it is gone, however late that is read', async () => {
  const { log, fail, say } = quietThread()
  say({ type: 'fault', error: encodeError(new RangeError('planted')) })
  say({ type: 'abandoned', sender: 0, id: 1 })
  // No message is delivered between this and the end of the microtasks that it brings.
  fail('ERR_WORKER_OUT_OF_MEMORY')
  await eventually('it is gone', () => log.includes('exited'))
  assert.equal(log, ['ERR_LANE_OOM', 'fault', 'abandoned', 'exited'])
})

test('one that leaves is not ended while tasks are unfinished that its tasks have submitted', async () => {
  const clock = new ManualClock()
  const log: string[] = []
  let control: MessagePort | undefined
  const pool = {
    onError: () => {},
    worker: () => undefined,
    replaceNoMore: () => {},
    destroy: () => Promise.resolve(),
    lease: (terms: Lease, signal: AbortSignal) => {
      control = terms.control
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          log.push('aborted')
          reject(Object.assign(new Error(), { name: 'AbortError' }))
        })
      })
    },
  }
  const surroundings = { ...threadSurroundings, clock, timers: clock }
  const durations = { waits: newDurations(), runs: newDurations() }
  const thread = new LaneThread(1, CONFIG, { pool, surroundings }, 0, durations, {
    ready: () => log.push('ready'),
    lost: () => log.push('lost'),
    exited: () => log.push('exited'),
    message: () => {},
  })
  control!.postMessage({ type: 'ready', names: [], os: 'normal' })
  await eventually('it is ready', () => thread.isReady)
  thread.retire()
  thread.block.isSending = true
  thread.leave()
  clock.runFor(60_000)
  assert.equal(log, ['ready'])
  thread.block.isSending = false
  clock.runFor(5_000)
  assert.equal(log, ['ready', 'aborted'])
  control!.close()
})

test.run()
