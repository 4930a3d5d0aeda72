/**
 * What runs in a lane thread: piscina calls `lease` once, and the thread belongs to the lane until it is ended.
 */
import { type MessagePort, threadId, workerData } from 'node:worker_threads'
import { decodeReason, encodeError, encodeThrown } from '../bridge/error-codec.js'
import { ExpiryAnnouncer } from '../bridge/expiry-announcer.js'
import { ThreadPort } from '../bridge/port.js'
import type { LaneToSupervisor } from '../bridge/protocol/lane-to-supervisor.js'
import type { SupervisorToLane } from '../bridge/protocol/supervisor-to-lane.js'
import { PROTOCOL_VERSION } from '../bridge/protocol/version.js'
import { ThreadBlock } from '../bridge/thread-block.js'
import { ValueReads } from '../bridge/value-reads.js'
import { Epoch } from '../core/clock.js'
import { MultilaneError, TaskCanceledError, TaskLoadError, textOf } from '../core/errors.js'
import { ControlInbox } from './control-inbox.js'
import { lastWorkDone } from './last-work.js'
import type { LaneWorkerData, Lease } from './lease.js'
import type { LoopEnvironment } from './loop-environment.js'
import { ModuleLoads } from './module-loads.js'
import { monotonicClock } from './monotonic-clock.js'
import { niceOwnThread, type OsPriority, readOwnPriority } from './os-priority.js'
import { inOwnContext, nextTurn, ownMicrotask, ownTimers } from './own-context.js'
import { RunLoop } from './run-loop.js'
import { ambientJob, contextOf, installContext, runInContext } from './task-context.js'
import { loadTaskModule, type TaskModule } from './task-module.js'
import { ThreadTimings } from './task-timings.js'
import { nameOwnThread } from './thread-name.js'
import { ThreadOutput } from './thread-output.js'
import { ThreadSender } from './thread-sender.js'

const { multilane, user } = workerData as LaneWorkerData
// Before anybody writes.
const output = new ThreadOutput(multilane.written)
// Begun before the lease arrives, so that the two overlap. Whoever awaits the lease gets the error.
const loading = loadTaskModule(multilane.tasks)
new ModuleLoads(multilane.loads).note(threadId, loading)

type Tell = (message: LaneToSupervisor, transfer?: readonly MessagePort[]) => void

/** No thread is given back, to be leased again: one that has left is torn down, one that failed would fail again. */
const ENDED_BY_SUPERVISOR = new Promise<never>(() => {})

export async function lease(terms: Lease): Promise<never> {
  const block = new ThreadBlock(terms.block)
  block.thread = threadId
  output.showIn(block)
  const control = new ThreadPort(terms.control)
  const tell: Tell = (message, transfer) => control.post(message, transfer)
  tell({ type: 'booted', version: PROTOCOL_VERSION, threadId })
  nameOwnThread(terms.config.name)
  let module: TaskModule
  try {
    if (terms.version !== PROTOCOL_VERSION) {
      throw new MultilaneError(
        'ERR_PROTOCOL',
        `protocol ${terms.version} was offered, this is ${PROTOCOL_VERSION}`,
      )
    }
    module = await loading
  } catch (error) {
    output.pass()
    tell({ type: 'load-failed', error: encodeThrown(error) })
    return ENDED_BY_SUPERVISOR
  }
  const timings = new ThreadTimings(terms.durations)
  const epoch = new Epoch(terms.epochOffset, 0)
  let sender: ThreadSender | null = null
  let isLeaving = false
  const reads = new ValueReads()
  // Made only for a task that asks, and of no task: its ports and timers last.
  const ownSender = (): ThreadSender => {
    sender ??= inOwnContext(makeSender)
    return sender
  }
  const makeSender = (): ThreadSender => {
    const made = new ThreadSender(multilane.lanes, {
      functionOf: job => module.names[job.index] ?? '',
      running: ambientJob,
      started: () => loop.started,
      reads,
      lane: terms.config.name,
      thread: terms.thread,
      places: terms.places,
      blocking: isBlocked => {
        if (isBlocked) loop.flushAll()
        block.isBlocked = isBlocked
        // Those that hand something over may have waited for it.
        if (!isBlocked) loop.reportRoom()
      },
      whileBlocked: () => {
        inbox.serve()
        loop.serve()
      },
      interruption: () => {
        const job = ambientJob()
        if (job === undefined || !job.isCancelled) return undefined
        return new TaskCanceledError(module.names[job.index] ?? '')
      },
      epoch,
      busy: isBusy => {
        block.isSending = isBusy
      },
      report: error => tell({ type: 'fault', error: encodeThrown(error) }),
      tell,
    })
    if (isLeaving) made.leave()
    return made
  }
  installContext({
    lane: terms.config.name,
    epoch,
    nameOf: index => module.names[index] ?? '',
    get lanes() {
      return ownSender().lanes
    },
  })
  const revive: LoopEnvironment['revive'] = (args, list) => ownSender().revive(args, list)
  const unread: LoopEnvironment['unread'] = (submitter, list) => ownSender().unread(submitter, list)
  const awaits: LoopEnvironment['awaits'] = (...wait) => ownSender().waits.begin(...wait)
  const loop = makeLoop(terms, block, module, { timings, reads, awaits, revive, unread, tell })
  process.on('uncaughtException', error => blame(loop, error, tell))
  process.on('unhandledRejection', reason => blame(loop, reason, tell))
  process.on('exit', code => {
    // So that answers given before a task calls process.exit() still leave, and what it has written; also if it does so as
    // others are being posted.
    loop.flushAll()
    output.pass()
    tell({ type: 'exiting', code })
  })
  let lowered = (): void => {}
  let leave = (): void => {}
  const left = new Promise<void>(resolve => {
    leave = resolve
  })
  const passOutput = (): void => {
    output.pass()
    tell({ type: 'output-passed' })
  }
  const inbox = new ControlInbox(
    control,
    nextTurn,
    message => obey(loop, message, { leave, lowered: () => lowered(), passOutput }),
    () => {
      lowered()
      leave()
    },
  )
  // After the module was loaded, which a busy machine might else draw out; before setup, so that what that starts
  // inherits it.
  const os = await lowerPriority(terms.config.os, thread => {
    tell({ type: 'lower', thread })
    return new Promise(resolve => {
      lowered = resolve
    })
  })
  try {
    await module.setup?.(user as never)
  } catch (cause) {
    const error = new TaskLoadError(`setup of the task module failed: ${textOf(cause)}`, cause)
    output.pass()
    tell({ type: 'load-failed', error: encodeError(error) })
    return ENDED_BY_SUPERVISOR
  }
  tell({ type: 'ready', names: module.names, os })
  await left
  // What was cancelled has its grace to clean up; the supervisor bounds it.
  await lastWorkDone(loop, {
    get isIdle() {
      return (sender as ThreadSender | null)?.isIdle ?? true
    },
    idle: async () => (sender as ThreadSender | null)?.idle(),
    leave: () => {
      isLeaving = true
      ;(sender as ThreadSender | null)?.leave()
    },
  })
  // Before the teardown, which may hang, or exit.
  await (sender as ThreadSender | null)?.bequeath()
  try {
    await module.teardown?.()
  } catch (error) {
    tell({ type: 'fault', error: encodeThrown(error) })
  }
  loop.flush()
  // It is ended next.
  output.pass()
  tell({ type: 'left' })
  return ENDED_BY_SUPERVISOR
}

type LoopMeans = Pick<LoopEnvironment, 'reads' | 'awaits' | 'revive' | 'unread'> & {
  timings: ThreadTimings
  tell: Tell
}

function makeLoop(
  terms: Lease,
  block: ThreadBlock,
  module: TaskModule,
  { timings, reads, awaits, revive, unread, tell }: LoopMeans,
): RunLoop {
  const expiries = new ExpiryAnnouncer(monotonicClock, at => tell({ type: 'expiry', at }))
  const { index, concurrency, queue, mostOwed, grace, spin, slowCallback } = terms.config
  return new RunLoop(
    block,
    { functions: module.functions, index, concurrency, queue, mostOwed, grace, spin, slowCallback },
    {
      clock: monotonicClock,
      timers: ownTimers,
      timings,
      reads,
      awaits,
      revive,
      unread,
      nextTurn,
      microtask: ownMicrotask,
      invoke: runInContext,
      abort: (job, reason) => contextOf(job).abort(decodeReason(reason)),
      expiryAhead: at => expiries.announce(at),
      roomInQueue: () => tell({ type: 'queue-room' }),
      senderOver: gone => tell({ type: 'sender-over', sender: gone }),
      abandoned: job => tell({ type: 'abandoned', sender: job.source.sender, id: job.id }),
    },
  )
}

/**
 * Has the operating system treat this thread as wanted, or as nearly so as it may.
 *
 * @param askIdle asks the supervisor to do what a thread cannot do for itself
 * @returns what was really applied
 */
async function lowerPriority(
  wanted: OsPriority,
  askIdle: (thread: number) => Promise<void>,
): Promise<OsPriority> {
  if (wanted === 'normal') return 'normal'
  // Also on the way to `idle`: it is what remains if that cannot be had.
  const thread = niceOwnThread()
  if (wanted === 'idle' && thread !== undefined) await askIdle(thread)
  return readOwnPriority()
}

interface Obedience {
  leave(): void
  lowered(): void
  passOutput(): void
}

function obey(loop: RunLoop, message: SupervisorToLane, { leave, lowered, passOutput }: Obedience): void {
  switch (message.type) {
    case 'connect':
      loop.connect(message.sender, new ThreadPort(message.port), message.places)
      break
    case 'abort':
      loop.abort(message.sender, message.id, message.reason)
      break
    case 'turn':
      loop.block.giveSign()
      break
    case 'forget':
      loop.outcomes.forget(message)
      break
    case 'forget-all':
      loop.outcomes.forgetAll(message.sender)
      break
    case 'sender-gone':
      loop.senderGone(message.sender)
      break
    case 'pass-output':
      passOutput()
      break
    case 'leave':
      leave()
      break
    case 'lowered':
      lowered()
      break
  }
}

/**
 * An error from a timer or a rejection that nobody handled. Its asynchronous context tells whose it is: a task that
 * still runs fails with it; if the task has been answered, or there is none, it is the lane's.
 */
function blame(loop: RunLoop, thrown: unknown, tell: Tell): void {
  const job = ambientJob()
  if (job !== undefined && loop.isPending(job)) loop.blame(job, thrown)
  else tell({ type: 'fault', error: encodeThrown(thrown) })
}
