import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { Failure } from '#src/bridge/failure.js'
import type { Job } from '#src/bridge/job.js'
import { KeptOutcomes } from '#src/bridge/kept-outcomes.js'
import { KeyShare } from '#src/bridge/key-share.js'
import type { LaneSender } from '#src/bridge/lane-sender.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import type { SenderToSupervisor } from '#src/bridge/protocol/sender-to-supervisor.js'
import type { SupervisorToSender } from '#src/bridge/protocol/supervisor-to-sender.js'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { Sender } from '#src/bridge/sender.js'
import type { LaneTerms, SenderEnvironment } from '#src/bridge/sender-context.js'
import { TaskInlet } from '#src/bridge/task-inlet.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { ValueReads } from '#src/bridge/value-reads.js'
import { LaneError, TaskCanceledError } from '#src/core/errors.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { DONE, TASK_STATES } from '#src/core/task-state.js'
import { ManualClock } from '../support/manual-clock.js'

export const LANE = 'lane'
const NAMES = ['other', 'quote']
const FIXED = { min: 1, max: 1 }

/** A lane thread of which the test is the run loop; its answers go out only as the test says. */
export class RigThread {
  readonly number: number
  readonly block = new ThreadBlock()
  /** What has come in and not been finished, in order. */
  readonly jobs: Job[] = []
  readonly inlet: TaskInlet
  /** What it keeps of tasks whose handles others have. */
  readonly outcomes = new KeptOutcomes()
  /** The thread's end of the port: for what no well-behaved thread would post. */
  readonly port: MemoryPort
  readonly #clock: ManualClock

  /** @param queue the memory of its lane's queue. @param roomInQueue tells the supervisor of room there */
  constructor(
    number: number,
    port: MemoryPort,
    clock: ManualClock,
    queue: SharedArrayBuffer,
    roomInQueue: () => void,
  ) {
    this.number = number
    this.port = port
    this.#clock = clock
    this.inlet = new TaskInlet(0, port, new QueuePlaces(queue, null, 0), {
      roomInQueue,
      arrived: job => this.jobs.push(job),
      expiryAhead: () => {},
      stray: () => {},
      waits: () => () => {},
      revive: args => args,
      unread: () => {},
      waiting: () => this.jobs,
      reads: new ValueReads(),
      outcomes: this.outcomes,
    })
    port.listen(
      message => this.inlet.receive(message),
      () => {},
    )
  }

  /** Starts the next job. */
  start(job = this.jobs[0]!): Job {
    if (!this.inlet.claim(job, this.#clock.now())) throw new Error('it could not be claimed')
    return job
  }

  /** Ends a started job. */
  finish(job: Job, value: unknown, verdict = DONE): void {
    this.jobs.splice(this.jobs.indexOf(job), 1)
    this.inlet.answer(job, verdict, value, this.#clock.now())
    this.inlet.flush()
  }

  /** Runs all that has come in, each for so many milliseconds, and answers with its first argument. */
  runAll(duration = 0): number {
    const jobs = this.jobs.splice(0)
    for (const job of jobs) {
      if (!this.inlet.claim(job, this.#clock.now())) {
        this.inlet.acknowledge(job)
        continue
      }
      this.#clock.advance(duration)
      this.inlet.answer(job, DONE, job.args[0], this.#clock.now())
    }
    this.inlet.flush()
    return jobs.length
  }
}

/** A task, and each time its promise was resolved with something. */
export interface Submitted {
  readonly task: Task
  readonly outcomes: unknown[]
}

/** A sender with one lane on memory ports and a clock that stands still; nothing arrives until `settle`. */
export class SenderRig {
  readonly clock = new ManualClock()
  readonly sender: Sender
  readonly queue = QueuePlaces.memory()
  /** What the supervisor has been told. */
  readonly told: SenderToSupervisor[] = []
  /** What those who keep an eye on the lanes have been told. */
  readonly watched: unknown[] = []
  readonly #ports = new Set<MemoryPort>()
  readonly #tokens = new Map<number, MemoryPort>()
  readonly #supervisor: MemoryPort
  #deferred: (() => void)[] = []
  #lastNumber = 0

  /** @param blocking what the thread has for synchronous waits; nothing by default */
  constructor(
    concurrency = 1,
    terms: Partial<LaneTerms> = {},
    blocking: Pick<SenderEnvironment, 'bell' | 'home'> = {},
  ) {
    const [mine, theirs] = this.#pair()
    this.#supervisor = theirs
    theirs.listen(
      message => {
        const told = message as SenderToSupervisor
        this.told.push(told)
        if (told.type === 'queue-room') this.#roomInQueue()
      },
      () => {},
    )
    this.sender = new Sender(
      mine,
      [
        {
          name: LANE,
          rank: 0,
          index: 0,
          concurrency,
          queueLimit: 1_000_000,
          overload: 'reject',
          queue: this.queue,
          keys: KeyShare.memory(),
          threads: FIXED,
          spin: 0,
          ...terms,
        },
      ],
      {
        number: 0,
        isOfLane: false,
        clock: this.clock,
        timers: this.clock,
        defer: call => this.#deferred.push(call),
        openPort: token => this.#tokens.get(token as number)!,
        busy: () => {},
        report: error => {
          throw error
        },
        watcher: {
          slow: ({ sequence }, held) => this.watched.push({ type: 'slow', sequence, held }),
          stall: stall => this.watched.push(stall),
          restart: restart => this.watched.push(restart),
        },
        ...blocking,
      },
    )
    mine.listen(
      message => this.sender.receive(message as SupervisorToSender),
      () => {},
    )
  }

  get strays(): number {
    return this.sender.strays
  }

  get slotsInUse(): number {
    return this.sender.sent.table.inUse
  }

  /** A thread joins the lane. */
  /** @param number that of a thread which is connected anew; that of another one by default */
  join(number = ++this.#lastNumber): RigThread {
    const [mine, theirs] = this.#pair()
    this.#tokens.set(number, mine)
    const thread = new RigThread(number, theirs, this.clock, this.queue, () => this.#roomInQueue())
    this.tell({
      type: 'thread-joined',
      lane: LANE,
      thread: number,
      port: number as never,
      block: thread.block.buffer,
      names: NAMES,
    })
    this.settle()
    return thread
  }

  #roomInQueue(): void {
    this.tell({ type: 'queue-room', lane: LANE })
  }

  tell(message: SupervisorToSender): void {
    this.#supervisor.post(message)
  }

  submit(args: readonly unknown[], options: Partial<TaskExtras> = {}, name = 'quote'): Submitted {
    const extras = Object.keys(options).length === 0 ? null : Object.assign(new TaskExtras(), options)
    const outcomes: unknown[] = []
    const lane = this.sender.lane(LANE)
    const resolve = (outcome: unknown): void => {
      outcomes.push(outcome)
    }
    const now = this.clock.now()
    const how = lane.admit()
    const task = new Task(lane.target(name), this.sender.nextSequence(), args, now, resolve, extras)
    lane.submit(task, how)
    return { task, outcomes }
  }

  get lane(): LaneSender {
    return this.sender.lane(LANE)
  }

  /** What a task's state is said to be. */
  stateOf({ task }: Submitted): string {
    return TASK_STATES[this.lane.stateOf(task)]!
  }

  cancel({ task }: Submitted): boolean {
    const error = new TaskCanceledError(task.target.name)
    return this.lane.cancel(task, Failure.of(error))
  }

  /** A thread is gone, and has exited for certain. */
  lose(thread: RigThread): void {
    const error = encodeError(new LaneError('ERR_LANE_EXITED', LANE, 'it left'))
    this.tell({ type: 'thread-lost', lane: LANE, thread: thread.number, error })
    this.settle()
    this.tell({ type: 'thread-exited', lane: LANE, thread: thread.number })
    this.settle()
  }

  /** Lets so many milliseconds pass, and what they bring arrive. */
  pass(duration: number): void {
    this.clock.runFor(duration)
    this.settle()
  }

  /** Runs all there is to its end on these threads, and looks that nothing is left over. */
  finish(...threads: readonly RigThread[]): void {
    for (let ran = 1; ran > 0; ) {
      this.settle()
      ran = threads.reduce((sum, thread) => sum + thread.runAll(0.001), 0)
    }
    assert.equal(
      [this.slotsInUse, this.strays, this.sender.unfinished, ...threads.map(({ inlet }) => inlet.strays)],
      [0, 0, 0, ...threads.map(() => 0)],
      'slots, strays, unfinished, strays of each thread',
    )
  }

  /** Delivers all that is on its way, and ends the turn, until nothing is left to happen but timers. */
  settle(): void {
    for (;;) {
      const deferred = this.#deferred.splice(0)
      for (const call of deferred) call()
      const ready = [...this.#ports].filter(port => port.ready)
      if (ready.length === 0 && deferred.length === 0) return
      for (const port of ready) port.deliver()
    }
  }

  #pair(): [MemoryPort, MemoryPort] {
    return MemoryPort.pair({ posted: port => this.#ports.add(port) })
  }
}

/** What a thread would start next, those left out that were taken back, cancelled or timed out. */
export function alive(thread: RigThread): unknown[] {
  return thread.jobs.filter(job => thread.inlet.table.state(job.id) === 2).map(job => job.args[0])
}

export function waitingAt(thread: RigThread): unknown[] {
  return thread.jobs.map(job => job.args[0])
}

/** Runs everything by the thread's own order, and tells in which order it ran. */
export function runInOrder(rig: SenderRig, thread: RigThread): unknown[] {
  const order: unknown[] = []
  for (let ran = 1; ran > 0; ) {
    rig.settle()
    order.push(...alive(thread))
    ran = thread.runAll(0.001)
  }
  return order
}
