import { performance } from 'node:perf_hooks'
import { decodeError, decodeReason, encodeThrown } from '../bridge/error-codec.js'
import type { Port } from '../bridge/port.js'
import type { AbortTask } from '../bridge/protocol/supervisor-to-lane.js'
import { ThreadBlock } from '../bridge/thread-block.js'
import { ValueReads } from '../bridge/value-reads.js'
import type { Epoch } from '../core/clock.js'
import { LaneError, TaskLoadError, textOf } from '../core/errors.js'
import { keepContexts, releaseContexts } from './ambient-task.js'
import type { LadderThread } from './cancel-ladder.js'
import type { LaneSetup } from './lane-config.js'
import { LaneFigures } from './lane-figures.js'
import type { LoopEnvironment } from './loop-environment.js'
import { monotonicClock } from './monotonic-clock.js'
import { inOwnContext, nextTurn, ownMicrotask, ownTimers } from './own-context.js'
import { RunLoop } from './run-loop.js'
import { type ContextHost, contextOf, type Lanes, runInContext } from './task-context.js'
import { loadTaskModule, type TaskModule } from './task-module.js'
import { ThreadTimings } from './task-timings.js'

/** The loop of the lanes is that of all else here. */
const THIS_THREAD = { performance }

/** What is the same for all lanes on the present thread. */
export interface InlineSurroundings extends Pick<LoopEnvironment, 'awaits'> {
  readonly epoch: Epoch
  /** The lanes as tasks see them. */
  readonly faces: Lanes
  /** Puts handles into the arguments of a task that is about to run. */
  /** @param number that of the lane */
  revive(args: readonly unknown[], list: unknown, number: number): readonly unknown[]
}

/** What a lane on the present thread tells those who keep it. */
export interface InlineLaneObserver {
  /** A task has started whose limit runs out at this instant. */
  expiryAhead(at: number): void
  /** Decides what is due: a task may have kept the timer from it that should have done so. */
  decideDue(): void
  /** A started task ignored its abort for its grace and was given up. */
  abandoned(id: number): void
  /** A task has left the lane's queue, and somebody waits for room there. */
  roomInQueue(): void
  /** An error that belongs to no task. */
  fault(error: unknown): void
}

/**
 * A lane on the present thread: one run loop, as a lane thread has one.
 *
 * | mode       | meaning                                  | left by                                                 |
 * |------------|------------------------------------------|---------------------------------------------------------|
 * | `starting` | loads its tasks, runs their setup        | that has ended → `ready`; it failed, `startTimeout`,     |
 * |            |                                          | `leave()` → `gone`                                      |
 * | `ready`    | runs tasks                               | `leave()` → `leaving`                                   |
 * | `leaving`  | lets its tasks end, runs their teardown  | that has ended → `gone`                                 |
 * | `gone`     | nothing of it runs                       |                                                         |
 */
export class InlineLane implements LadderThread {
  readonly number: number
  readonly config: LaneSetup
  readonly block = new ThreadBlock()
  names: readonly string[] = []
  readonly figures = new LaneFigures()
  /** How many signs of life it has been asked for, each abort being one. */
  signsAsked = 0
  readonly #surroundings: InlineSurroundings
  readonly #observer: InlineLaneObserver
  #mode: 'starting' | 'ready' | 'leaving' | 'gone' = 'starting'
  #module: TaskModule | null = null
  #loop: RunLoop | null = null
  #refuseStart: (error: Error) => void = () => {}

  constructor(
    number: number,
    config: LaneSetup,
    surroundings: InlineSurroundings,
    observer: InlineLaneObserver,
  ) {
    this.number = number
    this.config = config
    this.#surroundings = surroundings
    this.#observer = observer
  }

  get isReady(): boolean {
    return this.#mode === 'ready'
  }

  get isGone(): boolean {
    return this.#mode === 'gone'
  }

  /**
   * Resolves when the tasks are loaded and set up; rejects with why they are not, or not in time.
   *
   * @param given functions it was given in place of a module
   */
  start(given: TaskModule | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const { name, startTimeout } = this.config
      const stopTimer = ownTimers.after(startTimeout, () => {
        const message = `lane '${name}' was not ready within ${startTimeout} ms`
        this.#refuseStart(new LaneError('ERR_LANE_START_TIMEOUT', name, message))
      })
      this.#refuseStart = error => {
        stopTimer()
        if (this.#mode === 'starting') this.#mode = 'gone'
        reject(error)
      }
      inOwnContext(() => this.#prepare(given)).then(
        module => {
          stopTimer()
          if (this.#mode !== 'starting') return
          this.#mode = 'ready'
          this.#begin(module)
          resolve()
        },
        // What it threw crosses as from a thread.
        thrown => this.#refuseStart(decodeError(encodeThrown(thrown))),
      )
    })
  }

  async #prepare(given: TaskModule | undefined): Promise<TaskModule> {
    const module = given ?? (await loadTaskModule(this.config.tasks))
    if (this.#mode !== 'starting') return module
    try {
      await module.setup?.(structuredClone(this.config.workerData) as never)
    } catch (cause) {
      throw new TaskLoadError(`setup of the task module failed: ${textOf(cause)}`, cause)
    }
    return module
  }

  #begin(module: TaskModule): void {
    this.#module = module
    keepContexts()
    this.names = module.names
    const host: ContextHost = {
      lane: this.config.name,
      epoch: this.#surroundings.epoch,
      lanes: this.#surroundings.faces,
      nameOf: index => module.names[index] ?? '',
      decideDue: () => this.#observer.decideDue(),
    }
    const durations = this.figures.lend()
    this.figures.joined({ block: this.block, durations, worker: THIS_THREAD })
    const { index, concurrency, queue, mostOwed, grace, slowCallback } = this.config
    this.#loop = new RunLoop(
      this.block,
      { functions: module.functions, index, concurrency, queue, mostOwed, grace, spin: 0, slowCallback },
      {
        clock: monotonicClock,
        timers: ownTimers,
        timings: new ThreadTimings(durations),
        reads: new ValueReads(),
        nextTurn,
        microtask: ownMicrotask,
        invoke: (job, call) => {
          // Several lanes share this thread: the job is told its own before anybody asks.
          contextOf(job, host)
          try {
            return runInContext(job, call)
          } finally {
            this.#observer.decideDue()
          }
        },
        awaits: (...wait) => this.#surroundings.awaits(...wait),
        revive: (args, list) => this.#surroundings.revive(args, list, this.number),
        // There is but one submitter, which knows of its own.
        unread: () => {},
        abort: (job, reason) => contextOf(job, host).abort(decodeReason(reason)),
        expiryAhead: at => this.#observer.expiryAhead(at),
        abandoned: job => this.#observer.abandoned(job.id),
        senderOver: () => {},
        roomInQueue: () => this.#observer.roomInQueue(),
      },
    )
  }

  connect(sender: number, port: Port): void {
    this.#loop?.connect(sender, port, null)
  }

  /** In a later turn, as by message: whoever decided it may be the task itself, which is not pending yet. */
  tell(message: AbortTask): void {
    nextTurn(() => this.#loop?.abort(message.sender, message.id, message.reason))
  }

  /** Whoever asks does so on this very loop, so it turns. */
  askForSign(): number {
    this.block.giveSign()
    return ++this.signsAsked
  }

  /** There is no thread that could be ended: the error says what should have been. */
  terminate(why: Error): void {
    this.#observer.fault(why)
  }

  /** Resolves when the tasks have ended, or have been given up, and `teardown` has run. */
  async leave(): Promise<void> {
    if (!this.isReady) {
      const { name } = this.config
      this.#refuseStart(new LaneError('ERR_LANE_CLOSED', name, `lane '${name}' was closed`))
      return
    }
    this.#mode = 'leaving'
    await this.#loop?.idle()
    try {
      await inOwnContext(() => this.#module?.teardown?.())
    } catch (thrown) {
      this.#observer.fault(thrown)
    }
    releaseContexts()
    this.#loop?.flush()
    this.#mode = 'gone'
  }
}
