import { ClosedError, DeadlockError, LaneError, TaskCanceledError } from '../core/errors.js'
import { Reminders } from '../core/reminders.js'
import { SpinTrials } from '../core/spin-trials.js'
import type { Task } from '../core/task.js'
import { TaskHistory } from '../core/task-history.js'
import { UnfinishedTasks } from '../core/unfinished.js'
import { BlockingWait, type LooplessSender, type SyncWait } from './blocking-wait.js'
import { Deliveries } from './deliveries.js'
import { decodeError, decodeReason } from './error-codec.js'
import { ExpiryAnnouncer } from './expiry-announcer.js'
import { Exports } from './exports.js'
import { Failure } from './failure.js'
import { Imports } from './imports.js'
import { LaneSender } from './lane-sender.js'
import type { HandleName, SentHandle } from './lending.js'
import { OpenDependencies } from './open-dependencies.js'
import type { Port } from './port.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import type { ChangeWanted, StallReported, SupervisorToSender } from './protocol/supervisor-to-sender.js'
import type { LaneTerms, SenderContext, SenderEnvironment } from './sender-context.js'
import { SentTasks } from './sent-tasks.js'
import { ValueReads } from './value-reads.js'
import { WaitReports } from './wait-reports.js'

/** What a sender goes on with, where one was before it. */
export interface SenderPast {
  readonly history: TaskHistory
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
  readonly deliveries: Deliveries
  /** What tasks that were submitted here wait for, by their numbers: as far as it has been told. */
  readonly awaited = new Map<number, readonly string[]>()
  readonly exports: Exports
  readonly imports: Imports
  readonly reads: ValueReads
  readonly reports = new WaitReports(this)
  readonly dependencies = new OpenDependencies(this)
  readonly #lanes = new Map<string, LaneSender>()
  readonly #supervisor: Port
  readonly #unfinished: UnfinishedTasks
  readonly #expiries: ExpiryAnnouncer
  #blocking: BlockingWait | null = null
  #bell: SharedArrayBuffer | null = null
  /** The lanes whose threads it is connected with, or will be; null if it is with all. */
  readonly #reached: Set<string> | null
  /** Whether it pays to look for what comes from the threads of other senders before sleeping. */
  readonly #importSpin: SpinTrials
  #strays = 0

  constructor(
    supervisor: Port,
    lanes: readonly LaneTerms[],
    environment: SenderEnvironment,
    past: SenderPast = { history: new TaskHistory(0), lastNumber: 0 },
  ) {
    this.history = past.history
    this.environment = environment
    this.reads = environment.reads ?? new ValueReads()
    this.#supervisor = supervisor
    const { clock, timers, number, isOfLane } = environment
    this.#reached = isOfLane ? new Set() : null
    this.deliveries = new Deliveries(
      call => environment.defer(call),
      call => this.reminders.after(0, call),
    )
    this.reminders = new Reminders(clock, timers, call => this.undisturbed(call))
    this.#unfinished = new UnfinishedTasks(clock, this.reminders, past.lastNumber, isBusy =>
      environment.busy(isBusy),
    )
    this.#expiries = new ExpiryAnnouncer(clock, at => this.tell({ type: 'expiry', at }))
    this.sent = new SentTasks((index, buffer) => {
      this.tell({ type: 'segment', index, buffer })
      for (const { links } of this.#lanes.values()) links.tellAll({ type: 'segment', index, buffer })
    })
    this.exports = new Exports(this, {
      number,
      heed: task => this.dependencies.heed(task),
      reportStart: task => this.lane(task.target.lane).sight.startOf(task),
      withdrawn: task => this.reports.withdrawn(task),
      sent: this.sent,
      tell: message => this.tell(message),
      stays: (lane, thread) => this.lane(lane).links.stays(thread),
      forget: (lane, thread, sequence) => {
        const isTold = this.lane(lane).links.tell(thread, { type: 'forget', owner: number, sequence })
        if (!isTold) this.tell({ type: 'unwanted', thread, sequence })
      },
    })
    this.#importSpin = new SpinTrials(Math.max(...lanes.map(({ spin }) => spin)))
    this.imports = new Imports(this, {
      tell: message => this.tell(message),
      tellThreads: (lane, message) => this.lane(lane).links.tellAll(message),
      tellThread: (lane, thread, message) => this.lane(lane).links.tell(thread, message),
      reach: lane => this.reach(lane),
      defer: call => environment.defer(call),
      reminders: this.reminders,
      refuseDeadlock: task => this.lane(task.target.lane).waits.refuseDeadlock(task),
      block: (task, wait) => this.block(task, this.#importSpin, wait),
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
   * @param thread the number of the thread that it was lent to, which here is not the sender's if the lanes are inline
   * @returns the task it stands for, and whether that was submitted here
   */
  take(sent: SentHandle, thread: number): { readonly task: Task; readonly isOwn: boolean } {
    const own = sent.owner === this.environment.number ? this.exports.find(sent.sequence) : undefined
    if (own === undefined) return { task: this.imports.take(sent), isOwn: false }
    this.exports.changed(sent.sequence, thread, -1)
    return { task: own, isOwn: true }
  }

  /** By what name other threads know a task whose handle is here. */
  nameOf(task: Task): HandleName {
    return this.imports.nameOf(task) ?? { owner: this.environment.number, sequence: task.sequence }
  }

  [Symbol.iterator](): Iterator<LaneSender> {
    return this.#lanes.values()
  }

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

  /** As `UnfinishedTasks.idle`. */
  idle(within?: number, late?: () => void): Promise<void> {
    return this.#unfinished.idle(within, late)
  }

  tell(message: SenderToSupervisor): void {
    this.#supervisor.post(message)
  }

  /** What the callbacks of its tasks find around them. */
  readonly surroundings = {
    deliver: (call: () => void): void => this.deliveries.deliver(call),
    undisturbed: (call: () => void): void => this.undisturbed(call),
    inPlace: (submit: () => void): void => this.deliveries.inPlace(submit),
    report: (error: unknown): void => this.environment.report(error),
  }

  /** The buffer of its doorbell; null before its first synchronous wait. */
  get bell(): SharedArrayBuffer | null {
    return this.#bell
  }

  block(task: Task, spin: SpinTrials, wait: SyncWait): void {
    this.reads.refuseWait(task)
    this.#blocking ??= this.#hangBell(task)
    const { home } = this.environment
    const blocking = this.#blocking
    this.environment.blocking?.(true)
    let refused: Error | null = null
    const end = this.environment.waits?.beginBlocking(task, wait, error => {
      refused = error
    })
    this.deliveries.during(() => {
      try {
        if (home !== undefined) this.#lanes.get(home.lane)?.waits.leaveOut(home.thread)
        blocking.until(() => refused !== null || wait.isOver(), spin, wait.timeout)
      } finally {
        end?.()
        if (home !== undefined) this.#lanes.get(home.lane)?.waits.takeIn(home.thread)
        this.environment.blocking?.(false)
      }
    })
    if (refused !== null && !wait.isOver()) throw refused
  }

  #hangBell(task: Task): BlockingWait {
    const { bell: makeBell, clock, whileBlocked, apart = call => call() } = this.environment
    if (makeBell === undefined) {
      const needed = `task '${task.target.name}' of lane '${task.target.lane}'`
      throw new DeadlockError(['this thread', needed], 'the lane is on that thread')
    }
    const bell = makeBell()
    this.#bell = bell.buffer
    const tellOfBell = (): void => {
      bell.ask()
      this.tell({ type: 'bell', buffer: bell.buffer })
    }
    tellOfBell()
    for (const { waits } of this.#lanes.values()) waits.hang(bell.buffer)
    const hurry = (): void => {
      this.reminders.bringDue()
      for (const { waits } of this.#lanes.values()) waits.hurry()
    }
    const receive = (): void => {
      this.readNotices()
      for (const { waits } of this.#lanes.values()) waits.receive()
      for (let closed = bell.takeClosed(); closed !== 0; closed = bell.takeClosed())
        for (const { waits } of this.#lanes.values()) waits.closed(closed)
    }
    const forsaken = (): void => {
      // What it had still to say comes first.
      receive()
      this.orphaned(new LaneError('ERR_LANE_CLOSED', '', 'the supervisor thread ended, or does not answer'))
    }
    const sender: LooplessSender = {
      clock,
      serve: whileBlocked && (() => apart(whileBlocked)),
      hurry: () => apart(hurry),
      receive: () => apart(receive),
      nextDue: () => this.reminders.next,
      tellOfBell,
      forsaken,
      interruption: () => this.environment.interruption?.(),
    }
    return new BlockingWait(sender, bell)
  }

  /** Does something to its end before users are told of what came of it. */
  undisturbed(call: () => void): void {
    this.deliveries.undisturbed(call)
  }

  announceExpiry(at: number): void {
    this.#expiries.announce(at)
  }

  /** Takes what the supervisor has posted and the event loop has not delivered. */
  readNotices(): void {
    for (let next = this.#supervisor.take(); next !== undefined; next = this.#supervisor.take()) {
      this.receive(next.message as SupervisorToSender)
    }
  }

  /** Takes a message of the supervisor. */
  receive(message: SupervisorToSender): void {
    this.undisturbed(() => this.#receive(message))
  }

  #receive(message: SupervisorToSender): void {
    switch (message.type) {
      case 'thread-joined':
      case 'thread-leaving':
      case 'thread-staying':
      case 'thread-lost':
      case 'thread-exited':
        this.lane(message.lane).crew.receive(message)
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
        this.deliveries.deliver(() => this.environment.report(decodeError(message.error)))
        break
      case 'stall':
        this.deliveries.deliver(() => this.#stalled(message))
        break
      case 'restart':
        this.deliveries.deliver(() => this.environment.watcher?.restart(message))
        break
      case 'watched':
      case 'fetched':
      case 'held':
      case 'holder-gone':
      case 'all-forwarded':
        this.exports.receive(message)
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
      case 'inherit':
        this.reports.inherited(message.tasks)
        break
      case 'waiting':
        if (message.awaited.length === 0) this.awaited.delete(message.sequence)
        else this.awaited.set(message.sequence, message.awaited)
        break
      case 'deadlock':
        this.reports.refused(message.wait, new DeadlockError(message.cycle))
        break
      case 'waits-wanted':
        this.reports.tellAll(message.look)
        break
      case 'keys':
      case 'keys-shared':
        this.lane(message.lane).keys.receive(message)
        break
      case 'queue-room':
        this.lane(message.lane).roomInQueue()
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

  #stalled(message: StallReported): void {
    if (this.environment.watcher === undefined) return
    // First: whoever is told may take long over it.
    this.tell({ type: 'stall-heard', report: message.report })
    this.environment.watcher.stall(message)
  }

  /** The scheduler ends, and with it this thread. */
  #close(): void {
    const refusal = new ClosedError('the scheduler is closed')
    for (const lane of this.#lanes.values()) lane.untie()
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
    this.undisturbed(() => {
      for (const lane of this.#lanes.values()) {
        lane.fail(error)
        lane.crew.loseAll(error)
      }
      this.imports.loseAll(error)
    })
  }
}
