import { type EncodedReason, encodeThrown } from '../bridge/error-codec.js'
import { type Job, NO_ARGUMENTS } from '../bridge/job.js'
import { KeptOutcomes } from '../bridge/kept-outcomes.js'
import type { Port } from '../bridge/port.js'
import { QueuePlaces } from '../bridge/queue-places.js'
import { FLOAT } from '../bridge/shared-table.js'
import { TaskInlet } from '../bridge/task-inlet.js'
import type { ThreadBlock } from '../bridge/thread-block.js'
import type { Clock } from '../core/clock.js'
import { ReadyQueue } from '../core/ready-queue.js'
import { SpinPolicy } from '../core/spin-policy.js'
import { DONE, FAILED } from '../core/task-state.js'
import { GoneSenders } from './gone-senders.js'
import { Inlets } from './inlets.js'
import type { LoopEnvironment, LoopOptions } from './loop-environment.js'
import { WaitingJobs } from './waiting-jobs.js'
import { mayHaveThen, whenSettled } from './when-settled.js'

/** Well below the credit window, so that several batches circulate and neither side waits for the other. */
const FLUSH_AT = 64
/** An answer waits for others this long, in milliseconds. */
const FLUSH_AFTER_MS = 0.25
/** A function that takes longer is not begun while answers or reports wait: they would wait for it. */
const SLOW_MS = 0.1
/** How long tasks may keep the event loop from turning, in milliseconds. */
const SLICE_MS = 2
/** If the loop has been elsewhere for this long, it has turned. */
const TURNED_MS = 0.1

/**
 * The loop of a lane thread: takes the next task from the ready queue, runs it, and between two tasks looks at the
 * doorbell for new ones.
 *
 * | mode       | meaning                                          | left by                                          |
 * |------------|--------------------------------------------------|--------------------------------------------------|
 * | `asleep`   | nothing to do, or all slots taken by tasks that  | a message (`#message`); a task that completes    |
 * |            | wait                                             | (`#completed`, through one microtask for all     |
 * |            |                                                  | that complete together) or is abandoned          |
 * | `running`  | inside `#run` (`#active`)                        | the queue is empty → `spinning`, `asleep`; the   |
 * |            |                                                  | turn has lasted `SLICE_MS` → `yielded`           |
 * | `yielded`  | has work, but lets timers and sockets go first   | the callback of `nextTurn`                       |
 * |            | (`#turnQueued`)                                  |                                                  |
 * | `spinning` | within `#run`, with nothing in progress: looks   | the doorbell → `running`; its budget is spent    |
 * |            | at the doorbell for a while                      | → `asleep`                                       |
 *
 * An answer is flushed when the turn ends, after `FLUSH_AT` answers or `FLUSH_AFTER_MS`, and before a function
 * begins that is not known to be fast, so that a fast result never waits for a slow neighbour. Before such a function
 * its sender is told of its start too, and every sender that waits for room is asked to look again.
 */
export class RunLoop {
  readonly block: ThreadBlock
  readonly #options: LoopOptions
  readonly #environment: LoopEnvironment
  readonly #clock: Clock
  readonly #ready = new ReadyQueue<Job>()
  readonly #inlets = new Inlets()
  readonly #pending = new Set<Job>()
  /** Of those, and of the one that is in its first stretch. */
  readonly #waiting = new WaitingJobs()
  /** Of those that were aborted: stops the timer of their grace. */
  readonly #graces = new Map<Job, () => void>()
  readonly outcomes = new KeptOutcomes()
  readonly #gone: GoneSenders
  readonly #spin: SpinPolicy
  /** Mean duration of each function's synchronous part, in milliseconds; NaN before its first run. */
  readonly #means: Float64Array
  /** How many messages have been received, to be compared with the doorbell. */
  #received = 0
  readonly #whenIdle: (() => void)[] = []
  #unsent = 0
  #oldestUnsent = 0
  #active = false
  #over = false
  #turnQueued = false
  #drainQueued = false
  #turnStart = 0
  #leftAt = 0

  constructor(block: ThreadBlock, options: LoopOptions, environment: LoopEnvironment) {
    this.block = block
    this.#options = options
    this.#environment = environment
    this.#clock = environment.clock
    this.#gone = new GoneSenders(this.#pending, sender => environment.senderOver(sender))
    this.#spin = new SpinPolicy(options.spin)
    this.#means = new Float64Array(options.functions.length).fill(Number.NaN)
  }

  /** The tasks that have returned a promise which is not settled. */
  get started(): Iterable<Job> {
    return this.#pending
  }

  /**
   * Tasks that have a slot. May be more than `concurrency`: who has waited goes on at once, in whosoever's slot, since to
   * have it wait for one would be a deadlock where that one waits for it.
   */
  get #inProgress(): number {
    return this.#pending.size - this.#waiting.size
  }

  get #mayBegin(): boolean {
    return this.#ready.size > 0 && this.#inProgress < this.#options.concurrency
  }

  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#ready.size === 0
  }

  /** Resolves when nothing is left to run, or at once if that is so. */
  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise(resolve => this.#whenIdle.push(resolve))
  }

  /** Begins nothing more. */
  end(): void {
    this.#over = true
  }

  /** Whether this job has started and not finished. */
  isPending(job: Job): boolean {
    return this.#pending.has(job)
  }

  /** @param own where the sender counts its own places in the queues of all lanes; null if it made the scheduler */
  connect(sender: number, port: Port, own: SharedArrayBuffer | null): void {
    const { queue, index, mostOwed } = this.#options
    const inlet = new TaskInlet(sender, port, new QueuePlaces(queue, own, index, this.block.owed, mostOwed), {
      arrived: job => this.#ready.push(job),
      waiting: () => this.#ready,
      expiryAhead: at => this.#environment.expiryAhead(at),
      roomInQueue: () => this.#environment.roomInQueue(),
      stray: () => this.block.addStray(),
      waits: (...wait) => this.#waits(...wait),
      revive: (args, list) => this.#environment.revive(args, list),
      unread: (submitter, list) => this.#environment.unread(submitter, list),
      reads: this.#environment.reads,
      outcomes: this.outcomes,
    })
    this.#inlets.connect(sender, inlet)
    port.listen(
      message => this.#message(inlet, message),
      () => this.#inlets.closed(sender, inlet),
    )
    // What it asked for before it was known here was told to others alone, who may have gone.
    if (this.#inlets.size > 1 || this.block.started > 0) this.block.backlog = true
  }

  /** A sender has gone: `senderOver` is called once none of its tasks runs. */
  senderGone(sender: number): void {
    this.#gone.add(sender)
  }

  /** A started task's outcome has been decided against it. */
  abort(sender: number, id: number, reason: EncodedReason): void {
    this.block.giveSign()
    for (const job of this.#pending) {
      if (job.id !== id || job.source.sender !== sender) continue
      this.#environment.abort(job, reason)
      this.#graces.get(job)?.()
      const stop = this.#environment.timers.after(this.#options.grace, () => this.#abandon(job))
      this.#graces.set(job, stop)
      return
    }
  }

  /** Fails a pending task with an error that was thrown outside its call, by a timer or a rejection of its own. */
  blame(job: Job, thrown: unknown): void {
    this.#completed(job, FAILED, encodeThrown(thrown))
  }

  /** Sends every answer there is. */
  flush(): void {
    if (this.#unsent > 0) this.flushAll()
  }

  /** Says also which tasks have started: before one of them blocks the thread, nobody may have heard of it. */
  flushAll(): void {
    this.#unsent = 0
    for (const inlet of this.#inlets.values()) inlet.flush()
  }

  /** Takes what has come while a task blocks the thread: others may ask what has become of tasks that ran here. */
  serve(): void {
    if (this.#rung() && this.#poll()) this.#queueDrain()
  }

  #message(inlet: TaskInlet, message: unknown): void {
    this.#received++
    inlet.receive(message)
    if (this.#active) return
    const now = this.#clock.now()
    this.#spin.arrived(now - this.#leftAt)
    this.#turnStart = now
    this.#run(now)
  }

  #run(start: number): void {
    if (this.#active || this.#turnQueued || this.#over) return
    this.#active = true
    try {
      this.#work(start)
    } finally {
      this.#active = false
      this.#leftAt = this.#clock.now()
    }
    if (this.#whenIdle.length > 0 && this.isIdle) for (const resolve of this.#whenIdle.splice(0)) resolve()
  }

  #work(start: number): void {
    let now = start
    for (;;) {
      while (this.#mayBegin) {
        if (now - this.#turnStart > SLICE_MS) {
          this.#yield()
          return
        }
        const job = this.#ready.pop(now)!
        now = this.#execute(job, now)
        // What has just come in must not seem to start before it was submitted.
        if (this.#rung() && this.#poll()) now = this.#clock.now()
        if (this.#unsent >= FLUSH_AT || (this.#unsent > 0 && now - this.#oldestUnsent > FLUSH_AFTER_MS)) {
          this.flush()
          // Values are cloned as they are posted, which can take long, and is not the next task's doing.
          now = this.#clock.now()
        }
      }
      this.#settleDown()
      // What is posted may have accessors that wait, and what comes meanwhile is taken.
      if (!this.#mayBegin && !(this.#rung() ? this.#poll() : this.#spinUntilRung(this.#clock.now()))) return
      now = this.#clock.now()
    }
  }

  /** Publishes what became of the turn. */
  #settleDown(): void {
    this.flushAll()
    // Published before the flag is read: a sender writes the flag before it reads the count.
    this.block.inProgress = this.#inProgress
    this.block.waiting = this.#waiting.size
    if (this.#pending.size > 0 && this.#ready.size === 0) this.reportRoom()
    this.#gone.look()
  }

  /** Has senders that hold tasks back look at their credit again. */
  reportRoom(): void {
    if (!this.block.backlog) return
    this.block.backlog = false
    for (const inlet of this.#inlets.values()) inlet.reportRoom()
  }

  #yield(): void {
    this.#settleDown()
    this.#turnQueued = true
    this.#environment.nextTurn(() => {
      this.#turnQueued = false
      this.#turnStart = this.#clock.now()
      this.#run(this.#turnStart)
    })
  }

  /** Whether a message has been posted that has not been received. */
  #rung(): boolean {
    return ((this.block.bell - this.#received) | 0) > 0
  }

  #poll(): boolean {
    let count = 0
    for (const inlet of this.#inlets.values()) count += inlet.poll()
    this.#received += count
    return count > 0
  }

  /** Looks at the doorbell for as long as it pays; returns whether something came. */
  #spinUntilRung(start: number): boolean {
    if (this.#pending.size > 0 || start - this.#turnStart > SLICE_MS) return false
    const until = start + this.#spin.budget
    let now = start
    for (; now < until; now = this.#clock.now()) {
      if (!this.#rung()) continue
      this.#spin.arrived(now - start)
      this.block.addSpun(now - start)
      return this.#poll()
    }
    if (now > start) this.block.addSpun(now - start)
    return false
  }

  /** Runs a task's first synchronous stretch; returns the instant it ended. */
  #execute(job: Job, begun: number): number {
    const mean = this.#means[job.index]!
    const isFast = mean < SLOW_MS
    let start = begun
    if (this.#unsent > 0 && !isFast) {
      this.flush()
      start = this.#clock.now()
    }
    const { source } = job
    if (!source.claim(job, start)) {
      source.acknowledge(job)
      this.#noteUnsent(start)
      return start
    }
    this.#environment.timings.waited(start - source.table.float(job.id, FLOAT.SUBMITTED))
    // Before anybody is told that it has started, and looks who holds the loop.
    this.block.hold(source.sender, job.id)
    if (!isFast) {
      for (const inlet of this.#inlets.values()) inlet.flushStarts()
      this.reportRoom()
    }
    let verdict = DONE
    let value: unknown
    try {
      value = this.#environment.invoke(job, this.#options.functions[job.index]!)
    } catch (thrown) {
      verdict = FAILED
      value = encodeThrown(thrown)
    }
    // What the task leaves behind holds the job, as long as it lasts.
    job.args = NO_ARGUMENTS
    this.block.release()
    const now = this.#clock.now()
    if (now - start > this.#options.slowCallback) source.reportSlow(job, now - start)
    this.#means[job.index] = Number.isNaN(mean) ? now - start : mean + (now - start - mean) / 8
    if (verdict === DONE && mayHaveThen(value) && this.#follow(job, value)) {
      this.#pending.add(job)
      return now
    }
    this.#answer(job, verdict, value, now)
    // A value that has parts is searched for handles, and what its accessors do takes its time.
    return verdict === DONE && typeof value === 'object' && value !== null ? this.#clock.now() : now
  }

  /** Apart, since what closures keep is made where they could be, and most functions return no promise. */
  #follow(job: Job, returned: object): boolean {
    return whenSettled(
      returned,
      value => this.#completed(job, DONE, value),
      thrown => this.#completed(job, FAILED, encodeThrown(thrown)),
    )
  }

  #waits(...wait: Parameters<LoopEnvironment['awaits']>): () => void {
    const [job] = wait
    if (job.ended) return () => {}
    if (!this.#waiting.has(job)) this.#queueDrain()
    return this.#waiting.begin(job, this.#environment.awaits(...wait))
  }

  #answer(job: Job, verdict: number, value: unknown, now: number): void {
    job.end()
    this.#waiting.endAll(job)
    job.source.answer(job, verdict, value, now)
    this.#environment.timings.ran(now - job.started)
    this.#noteUnsent(now)
  }

  #noteUnsent(now: number): void {
    if (this.#unsent++ === 0) this.#oldestUnsent = now
  }

  #completed(job: Job, verdict: number, value: unknown): void {
    if (!this.#pending.delete(job)) return
    this.#endGrace(job)
    this.#answer(job, verdict, value, this.#clock.now())
    this.#queueDrain()
  }

  #abandon(job: Job): void {
    if (!this.#pending.delete(job)) return
    this.#waiting.endAll(job)
    this.#endGrace(job)
    job.end()
    job.source.acknowledge(job)
    this.#noteUnsent(this.#clock.now())
    this.#environment.abandoned(job)
    this.#queueDrain()
  }

  #endGrace(job: Job): void {
    if (this.#graces.size === 0) return
    this.#graces.get(job)?.()
    this.#graces.delete(job)
  }

  /** One microtask for all tasks that complete together: it answers them, and starts others in their slots. */
  #queueDrain(): void {
    if (this.#drainQueued || this.#active) return
    this.#drainQueued = true
    this.#environment.microtask(() => {
      this.#drainQueued = false
      const now = this.#clock.now()
      // Completions come in microtasks, which can follow each other without the loop ever turning.
      if (now - this.#leftAt > TURNED_MS) this.#turnStart = now
      this.#run(now)
      this.flush()
    })
  }
}
