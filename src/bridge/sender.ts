import { ClosedError, TaskCanceledError } from '../core/errors.js'
import { Reminders } from '../core/reminders.js'
import type { Task } from '../core/task.js'
import { TaskHistory } from '../core/task-history.js'
import { UnfinishedTasks } from '../core/unfinished.js'
import { decodeError, decodeReason } from './error-codec.js'
import { Exports } from './exports.js'
import { Failure } from './failure.js'
import { Imports } from './imports.js'
import { LaneSender } from './lane-sender.js'
import type { SentHandle } from './lending.js'
import type { Port } from './port.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import type { ChangeWanted, SupervisorToSender } from './protocol/supervisor-to-sender.js'
import type { LaneTerms, SenderContext, SenderEnvironment } from './sender-context.js'
import { SentTasks } from './sent-tasks.js'

/** What a sender goes on with, where one was before it. */
export interface SenderPast {
  readonly history: TaskHistory
  /** The number of the last task. */
  readonly lastNumber: number
}

/**
 * The submitting side of a thread: its task table, its connection to the supervisor, and a `LaneSender` for each
 * lane. It knows nothing of who owns the threads.
 */
export class Sender implements SenderContext {
  readonly environment: SenderEnvironment
  readonly sent: SentTasks
  readonly reminders: Reminders<() => void>
  readonly history: TaskHistory
  readonly exports: Exports
  readonly imports: Imports
  readonly #lanes = new Map<string, LaneSender>()
  readonly #supervisor: Port
  readonly #unfinished: UnfinishedTasks
  #announced = Number.POSITIVE_INFINITY
  /** The lanes whose threads it is connected with, or will be; null if it is with all. */
  readonly #reached: Set<string> | null
  #strays = 0

  constructor(
    supervisor: Port,
    lanes: readonly LaneTerms[],
    environment: SenderEnvironment,
    past: SenderPast = { history: new TaskHistory(0), lastNumber: 0 },
  ) {
    this.history = past.history
    this.environment = environment
    this.#supervisor = supervisor
    const { clock, timers, number, isOfLane } = environment
    this.#reached = isOfLane ? new Set() : null
    this.reminders = new Reminders(clock, timers, call => call())
    this.#unfinished = new UnfinishedTasks(clock, this.reminders, past.lastNumber, isBusy =>
      environment.busy(isBusy),
    )
    this.sent = new SentTasks((index, buffer) => {
      this.tell({ type: 'segment', index, buffer })
      for (const lane of this.#lanes.values()) lane.segmentAdded(index, buffer)
    })
    this.exports = new Exports(this, {
      number,
      sent: this.sent,
      tell: message => this.tell(message),
      forget: (lane, thread, sequence) =>
        void this.lane(lane).links.tell(thread, { type: 'forget', owner: number, sequence }),
    })
    this.imports = new Imports(this, {
      tell: message => this.tell(message),
      tellThreads: (lane, message) => this.lane(lane).links.tellAll(message),
      tellThread: (lane, thread, message) => this.lane(lane).links.tell(thread, message),
      reach: lane => this.reach(lane),
      defer: call => environment.defer(call),
      remindMeAfter: (delay, call) => this.remindMeAfter(delay, call),
    })
    for (const terms of lanes) this.#lanes.set(terms.name, new LaneSender(this, terms))
  }

  /** Tasks submitted and not finished. */
  get unfinished(): number {
    return this.#unfinished.count
  }

  /** Messages dropped because they made no sense, or came twice or too late. */
  get strays(): number {
    return this.#strays
  }

  lane(name: string): LaneSender {
    const lane = this.#lanes.get(name)
    if (lane === undefined) throw new Error(`there is no lane '${name}'`)
    return lane
  }

  /** Has the sender connected with the threads of a lane, if it is not. */
  reach(lane: string): void {
    if (this.#reached === null || this.#reached.has(lane)) return
    this.#reached.add(lane)
    this.tell({ type: 'reach', lane })
  }

  /**
   * Takes a handle that has come with a task.
   *
   * @returns the task it stands for, and whether that was submitted here
   */
  take(sent: SentHandle): { readonly task: Task; readonly isOwn: boolean } {
    const own = sent.owner === this.environment.number ? this.exports.find(sent.sequence) : undefined
    if (own === undefined) return { task: this.imports.take(sent), isOwn: false }
    this.exports.changed(sent.sequence, sent.owner, -1)
    return { task: own, isOwn: true }
  }

  /** Calls back after so many milliseconds, unless the function that is returned is called first. */
  remindMeAfter(delay: number, call: () => void): () => void {
    const entry = this.reminders.add(this.environment.clock.now() + delay, call)
    return () => this.reminders.cancel(entry)
  }

  [Symbol.iterator](): Iterator<LaneSender> {
    return this.#lanes.values()
  }

  /** The number of the last task. */
  get lastNumber(): number {
    return this.#unfinished.lastNumber
  }

  nextSequence(): number {
    return this.#unfinished.nextNumber()
  }

  began(): void {
    this.#unfinished.began()
  }

  ended(): void {
    this.#unfinished.ended()
  }

  stray(): void {
    this.#strays++
  }

  /** Resolves when no task is unfinished. @param within milliseconds to wait at most */
  idle(within?: number): Promise<void> {
    return this.#unfinished.idle(within)
  }

  tell(message: SenderToSupervisor): void {
    this.#supervisor.post(message)
  }

  announceExpiry(at: number): void {
    if (at >= this.#announced && this.#announced > this.environment.clock.now()) return
    this.#announced = at
    this.tell({ type: 'expiry', at })
  }

  /** Takes what the supervisor has posted and the event loop has not delivered. */
  readNotices(): void {
    for (let next = this.#supervisor.take(); next !== undefined; next = this.#supervisor.take()) {
      this.receive(next.message as SupervisorToSender)
    }
  }

  /** Takes a message of the supervisor. */
  receive(message: SupervisorToSender): void {
    switch (message.type) {
      case 'thread-joined': {
        const port = this.environment.openPort(message.port)
        this.lane(message.lane).joined(message.thread, port, message.block, message.names)
        break
      }
      case 'thread-leaving':
        this.lane(message.lane).leaving(message.thread)
        break
      case 'thread-lost':
        this.lane(message.lane).lost(message.thread, decodeError(message.error), message.blamed)
        break
      case 'thread-exited':
        this.lane(message.lane).exited(message.thread)
        break
      case 'expired':
        for (const id of message.ids) {
          const task = this.sent.find(id)
          if (task !== undefined) this.lane(task.target.lane).expired(id, task)
        }
        break
      case 'lane-failed':
        this.lane(message.lane).fail(decodeError(message.error))
        break
      case 'fault':
        this.environment.report(decodeError(message.error))
        break
      case 'stall':
        if (this.environment.watcher === undefined) break
        // First: whoever is told may take long over it.
        this.tell({ type: 'stall-heard', report: message.report })
        this.environment.watcher.stall(message)
        break
      case 'restart':
        this.environment.watcher?.restart(message)
        break
      case 'watched':
        this.exports.watch(message.sequence, message.watcher)
        break
      case 'fetched':
        this.exports.fetch(message.sequence, message.watcher)
        break
      case 'held':
        this.exports.changed(message.sequence, message.holder, message.change)
        break
      case 'holder-gone':
        this.exports.threadGone(message.holder)
        break
      case 'asked':
        this.#change(message)
        break
      case 'done':
        this.imports.done(message, message.thread)
        break
      case 'outcome':
        this.imports.told(message, message.outcome)
        break
      case 'closing':
        this.#close()
        break
      default:
        this.#strays++
    }
  }

  /** A thread that has a task's handle wants something of it. */
  #change({ sequence, cancel, priority }: ChangeWanted): void {
    const task = this.exports.find(sequence)
    if (task === undefined) return
    const lane = this.lane(task.target.lane)
    if (priority !== undefined) lane.setPriority(task, priority)
    if (cancel === undefined) return
    const reason = decodeReason(cancel)
    const failure = Failure.later(() => new TaskCanceledError(task.target.name, reason))
    lane.cancel(task, failure, reason)
  }

  /** The scheduler ends, and with it this thread. */
  #close(): void {
    const refusal = new ClosedError('the scheduler is closed')
    for (const lane of this.#lanes.values()) {
      lane.refuse(refusal)
      lane.cancelAll(name => new TaskCanceledError(name, refusal))
    }
  }

  /**
   * The supervisor is gone, and all lanes with it. What they have answered still counts.
   *
   * @param error what ends the tasks that are left
   */
  orphaned(error: Error): void {
    for (const lane of this.#lanes.values()) {
      lane.fail(error)
      lane.loseAll(error)
    }
    this.imports.loseAll(error)
  }
}
