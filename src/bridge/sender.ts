import { ClosedError, DeadlockError, LaneError, TaskCanceledError } from '../core/errors.js'
import { Reminders } from '../core/reminders.js'
import type { SpinTrials } from '../core/spin-trials.js'
import type { Task } from '../core/task.js'
import { TaskHistory } from '../core/task-history.js'
import { UnfinishedTasks } from '../core/unfinished.js'
import { BlockingWait, type LooplessSender } from './blocking-wait.js'
import { Deliveries } from './deliveries.js'
import { decodeError } from './error-codec.js'
import { LaneSender } from './lane-sender.js'
import type { Port } from './port.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import type { StallReported, SupervisorToSender } from './protocol/supervisor-to-sender.js'
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
  readonly deliveries: Deliveries
  readonly #lanes = new Map<string, LaneSender>()
  readonly #supervisor: Port
  readonly #unfinished: UnfinishedTasks
  #blocking: BlockingWait | null = null
  #bell: SharedArrayBuffer | null = null
  #announced = Number.POSITIVE_INFINITY
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
    const { clock, timers } = environment
    this.deliveries = new Deliveries(call => environment.defer(call))
    this.reminders = new Reminders(clock, timers, call => this.#undisturbed(call))
    this.#unfinished = new UnfinishedTasks(clock, this.reminders, past.lastNumber, isBusy =>
      environment.busy(isBusy),
    )
    this.sent = new SentTasks((index, buffer) => {
      this.tell({ type: 'segment', index, buffer })
      for (const lane of this.#lanes.values()) lane.segmentAdded(index, buffer)
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

  /** What the callbacks of its tasks find around them. */
  readonly surroundings = {
    deliver: (call: () => void): void => this.deliveries.deliver(call),
    report: (error: unknown): void => this.environment.report(error),
  }

  /** The buffer of its doorbell; null before its first synchronous wait. */
  get bell(): SharedArrayBuffer | null {
    return this.#bell
  }

  block(task: Task, spin: SpinTrials, isOver: () => boolean, timeout: number): void {
    this.#blocking ??= this.#hangBell(task)
    const { home } = this.environment
    const blocking = this.#blocking
    this.environment.aboutToBlock?.()
    this.deliveries.during(() => {
      if (home !== undefined) this.#lanes.get(home.lane)?.waits.leaveOut(home.thread)
      try {
        blocking.until(isOver, spin, timeout)
      } finally {
        if (home !== undefined) this.#lanes.get(home.lane)?.waits.takeIn(home.thread)
      }
    })
  }

  #hangBell(task: Task): BlockingWait {
    const { bell: makeBell, clock } = this.environment
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
      for (let thread = bell.takeClosed(); thread !== 0; thread = bell.takeClosed())
        for (const { waits } of this.#lanes.values()) waits.closed(thread)
    }
    const forsaken = (): void => {
      // What it had still to say comes first.
      receive()
      this.orphaned(new LaneError('ERR_LANE_CLOSED', '', 'the supervisor thread ended, or does not answer'))
    }
    const sender: LooplessSender = {
      clock,
      hurry,
      receive,
      nextDue: () => this.reminders.next,
      tellOfBell,
      forsaken,
      interruption: () => this.environment.interruption?.(),
    }
    return new BlockingWait(sender, bell)
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
    this.#undisturbed(() => this.#receive(message))
  }

  #receive(message: SupervisorToSender): void {
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
        this.deliveries.deliver(() => this.environment.report(decodeError(message.error)))
        break
      case 'stall':
        this.deliveries.deliver(() => this.#stalled(message))
        break
      case 'restart':
        this.deliveries.deliver(() => this.environment.watcher?.restart(message))
        break
      case 'closing':
        this.#close()
        break
      default:
        this.#strays++
    }
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
    this.#undisturbed(() => {
      for (const lane of this.#lanes.values()) {
        lane.fail(error)
        lane.loseAll(error)
      }
    })
  }

  /** Does something to its end before users are told of what came of it. */
  #undisturbed(call: () => void): void {
    this.deliveries.hold()
    try {
      call()
    } finally {
      this.deliveries.release()
    }
  }
}
