import { MessageChannel } from 'node:worker_threads'
import type { Job } from '../bridge/job.js'
import { OpenWaits } from '../bridge/open-waits.js'
import { type Port, ThreadPort } from '../bridge/port.js'
import type { LaneCutOff, LaneSends } from '../bridge/protocol/lane-to-supervisor.js'
import type { SupervisorToSender } from '../bridge/protocol/supervisor-to-sender.js'
import { Sender } from '../bridge/sender.js'
import { SenderBell } from '../bridge/sender-bell.js'
import type { LaneTerms } from '../bridge/sender-context.js'
import type { ValueReads } from '../bridge/value-reads.js'
import type { Clock, Epoch } from '../core/clock.js'
import { ClosedError } from '../core/errors.js'
import type { Timers } from '../core/reminders.js'
import { TaskHistory } from '../core/task-history.js'
import { HandleRevival } from './handle-revival.js'
import { Lane } from './lane.js'
import { monotonicClock } from './monotonic-clock.js'
import { inOwnContext, ownMicrotask, ownTimers } from './own-context.js'
import type { Lanes } from './task-context.js'

/** What a lane thread that submits tasks needs of the thread. */
export interface ThreadSenderHost {
  /** The name of the thread's own lane. */
  readonly lane: string
  /** The thread's number, by which the supervisor and senders know it. */
  readonly thread: number
  /** Where it counts its own places in the queues of all lanes. */
  readonly places: SharedArrayBuffer
  readonly epoch: Epoch
  /** The name of the function that a task runs. */
  functionOf(job: Job): string
  /** The task whose code runs, if any. */
  running(): Job | undefined
  /** All tasks that have started on the thread and not ended. */
  started(): Iterable<Job>
  /** The thread is about to be blocked by a synchronous wait: what it owes others has to leave before. */
  blocking(isBlocked: boolean): void
  /** It is blocked: others may want of it what cannot wait until its loop turns, since it may be waiting for them. */
  whileBlocked(): void
  /** Why the task whose code runs is not to go on waiting, if it is not. */
  interruption(): Error | undefined
  /** Whether something of users is being read on the thread that is to leave it. */
  readonly reads: ValueReads
  /** Whether the thread has submitted tasks that have not finished. */
  busy(isBusy: boolean): void
  /** An error that belongs to no task. */
  report(error: unknown): void
  tell(message: LaneSends | LaneCutOff, transfer?: readonly MessagePort[]): void
}

type MessagePort = LaneSends['port']

/** What a sender finds around it on its thread. A value, so that a simulated thread has the sender itself on it. */
export interface SenderSurroundings {
  readonly clock: Clock
  readonly timers: Timers
  /** Calls back at the end of the present turn. */
  defer(call: () => void): void
  /** As `SenderEnvironment.apart`. */
  readonly apart?: (call: () => void) => void
  /** Two ends of a new channel, either of which can be posted to another thread. */
  channel(): { readonly port1: MessagePort; readonly port2: MessagePort }
  /** A port of an end that stays on this thread. */
  open(end: MessagePort): Port
  /** What the thread sleeps by in a synchronous wait. */
  bell(): SenderBell
}

/** That of a real thread. */
const ownThread: SenderSurroundings = {
  clock: monotonicClock,
  timers: ownTimers,
  defer: ownMicrotask,
  apart: inOwnContext,
  channel: () => new MessageChannel(),
  open: end => new ThreadPort(end),
  bell: () => new SenderBell(),
}

/**
 * A lane thread as a sender: what `currentTask().lanes` are made of. Its tasks go straight to the threads of their lanes,
 * over ports that the supervisor makes when a lane is first asked for.
 */
export class ThreadSender {
  readonly lanes: Lanes
  readonly sender: Sender
  /** What the tasks of the thread wait for. */
  readonly waits: OpenWaits
  readonly #revival: HandleRevival
  readonly #thread: number

  /** @param terms of all lanes */
  constructor(
    terms: readonly LaneTerms[],
    host: ThreadSenderHost,
    { clock, timers, defer, apart, channel, open, bell }: SenderSurroundings = ownThread,
  ) {
    this.#thread = host.thread
    const { port1, port2 } = channel()
    const notices = open(port1)
    this.waits = new OpenWaits({
      reports: () => this.sender.reports,
      titleOf: job => ({ name: host.functionOf(job), lane: host.lane }),
      running: host.running,
      started: host.started,
    })
    this.sender = new Sender(
      notices,
      terms.map(lane => (lane.name === host.lane ? withoutWaiting(lane) : lane)),
      {
        number: host.thread,
        isOfLane: true,
        clock,
        timers,
        defer,
        ...(apart && { apart }),
        openPort: port => open(port as MessagePort),
        busy: host.busy,
        waits: this.waits,
        reads: host.reads,
        report: host.report,
        bell,
        home: { lane: host.lane, thread: host.thread, places: host.places },
        blocking: host.blocking,
        whileBlocked: host.whileBlocked,
        interruption: host.interruption,
      },
      { history: new TaskHistory(0), lastNumber: 0 },
    )
    notices.listen(
      message => this.sender.receive(message as SupervisorToSender),
      // If it is the supervisor that has ended, nobody hears it, and every thread of its lanes ends with it.
      () => host.tell({ type: 'cut-off' }),
    )
    host.tell({ type: 'sends', port: port2 }, [port2])
    this.#revival = new HandleRevival(this.sender, host.epoch)
    this.lanes = this.#lanesOf(terms, host.epoch)
  }

  /** Puts handles into the arguments of a task that is about to run. @param list what came with them */
  revive(args: readonly unknown[], list: unknown): readonly unknown[] {
    return this.#revival.revive(args, list as readonly unknown[], this.#thread)
  }

  /** Gives back the handles of a task that has not run. @param list what came with them */
  unread(submitter: number, list: unknown): void {
    this.#revival.giveBack(submitter, list as readonly unknown[])
  }

  /** Whether no task that was submitted here is unfinished. */
  get isIdle(): boolean {
    return this.sender.unfinished === 0
  }

  /** Resolves when no task that was submitted here is unfinished. */
  idle(): Promise<void> {
    return this.sender.idle()
  }

  /** The thread leaves its lane. What code that was given up still submits is refused: nobody would see to it. */
  leave(): void {
    const refusal = new ClosedError('the thread leaves its lane')
    for (const lane of this.sender) lane.refuse(refusal)
  }

  /** Resolves when the supervisor answers for the handles that others have of tasks that were submitted here. */
  bequeath(): Promise<void> {
    return this.sender.exports.bequeath()
  }

  /** Each is connected when it is first looked at. */
  #lanesOf(terms: readonly LaneTerms[], epoch: Epoch): Lanes {
    const lanes = {}
    for (const { name } of terms) {
      let lane: Lane<never> | null = null
      Object.defineProperty(lanes, name, {
        enumerable: true,
        get: () => {
          if (lane === null) {
            lane = new Lane(name)
            lane.connect({ sender: this.sender, lane: this.sender.lane(name), epoch })
            this.sender.reach(name)
          }
          return lane
        },
      })
    }
    return Object.freeze(lanes)
  }
}

/** A task that waited for room in its own lane would keep the place that is to become free. */
function withoutWaiting(terms: LaneTerms): LaneTerms {
  return terms.overload === 'wait' ? { ...terms, overload: 'reject' } : terms
}
