import { performance } from 'node:perf_hooks'
import { LoopHold } from '../bridge/loop-hold.js'
import { Epoch } from '../core/clock.js'
import { Reminders } from '../core/reminders.js'
import type { Task } from '../core/task.js'
import { UnfinishedTasks } from '../core/unfinished.js'
import { callAs, restContexts } from './ambient-task.js'
import type { AsyncSchedulerConfig } from './async-config.js'
import type { AsyncLane } from './async-options.js'
import type { AsyncTask } from './async-task.js'
import { LocalFigures } from './local-figures.js'
import { LocalTargets } from './local-targets.js'
import type { LocalSurroundings } from './local-terms.js'
import { LocalWaits } from './local-waits.js'
import { LoopLane } from './loop-lane.js'
import type { LoopRun } from './loop-run.js'
import { monotonicClock } from './monotonic-clock.js'
import { nextTurn, ownMicrotask, ownTimers } from './own-context.js'
import { PoolLane } from './pool-lane.js'
import type { CommonTerms, KeptLanes, SchedulerConnection } from './scheduler-connection.js'
import { SharedPatience } from './shared-patience.js'
import type { LaneThreadStats, SupervisorStats } from './supervisor-stats.js'
import { SyncThreads } from './sync-threads.js'
import type { TaskSource } from './task-sight.js'

/** What the lanes tell. */
export interface LocalObserver {
  slow(task: Task, held: number): void
  /** A pool thread died with a task on it. */
  died(thread: number, error: Error, restarts: number): void
}

/**
 * The two lanes of an `AsyncScheduler`, from its start to its end. The process is held while there are unfinished tasks,
 * and while the pool's threads leave.
 */
export class LocalConnection implements SchedulerConnection {
  readonly loop: LoopLane
  readonly pool: PoolLane
  readonly epoch = new Epoch(performance.timeOrigin + performance.now(), monotonicClock.now())
  readonly sender: KeptLanes
  readonly targets: Readonly<Record<AsyncLane, LocalTargets>>
  readonly #unfinished: UnfinishedTasks
  readonly #hold = new LoopHold()
  readonly #threads: SyncThreads
  readonly #figures = { loop: new LocalFigures(), pool: new LocalFigures() }
  readonly #patience = new SharedPatience(ownTimers)
  #restarts = 0
  #closing = false

  constructor(config: AsyncSchedulerConfig, { past, report }: CommonTerms, observer: LocalObserver) {
    const { history, lastNumber } = past
    const clock = monotonicClock
    const reminders = new Reminders<() => void>(clock, ownTimers, call => call())
    this.#unfinished = new UnfinishedTasks(clock, reminders, lastNumber, isBusy => this.#hold.set(isBusy))
    const waits = new LocalWaits(reminders, name => this.#lane(name))
    this.targets = { loop: new LocalTargets('loop', waits), pool: new LocalTargets('pool', waits) }
    const common = {
      clock,
      epoch: this.epoch,
      reminders,
      history,
      unfinished: this.#unfinished,
      waits,
      microtask: ownMicrotask,
      nextTurn,
    } satisfies Partial<LocalSurroundings>
    this.loop = new LoopLane(config.loop, {
      ...common,
      timings: this.#figures.loop.timings,
      invoke,
      worked: restContexts,
      slow: (task, held) => observer.slow(task, held),
    })
    this.#threads = new SyncThreads(config, this.#figures.pool.loops, {
      given: () => this.pool.given(),
      refused: error => this.pool.refused(error),
      noneLeft: code => this.pool.forsaken(new Error(`the pool's last thread exited with code ${code}`)),
      report,
    })
    this.pool = new PoolLane(config.pool, {
      ...common,
      timings: this.#figures.pool.timings,
      executor: this.#threads,
      startTimeout: config.threads.startTimeout,
      report,
      died: (thread, error) => {
        // There is a new one when there is work for it.
        if (!this.#closing) observer.died(thread, error, ++this.#restarts)
      },
    })
    this.sender = lanesOf(this.loop, this.pool, this.#unfinished)
    this.#figures.loop.loops.joined({ performance })
  }

  /** The number of a new task. */
  nextNumber(): number {
    return this.#unfinished.nextNumber()
  }

  get tasks(): TaskSource {
    return {
      clock: monotonicClock,
      epoch: this.epoch,
      lane: name => this.#lane(name),
    }
  }

  #lane(name: string): LoopLane | PoolLane {
    return name === this.pool.name ? this.pool : this.loop
  }

  /** Threads are started when there is work for them. */
  async started(): Promise<void> {}

  async stats(): Promise<SupervisorStats> {
    const common = { stalled: 0, os: 'normal' } as const
    const { loop, pool } = this.#figures
    const lanes: Record<AsyncLane, LaneThreadStats> = {
      loop: { ...common, threads: 1, restarts: 0, ...loop.take() },
      pool: { ...common, threads: this.#threads.count, restarts: this.#restarts, ...pool.take() },
    }
    return { lanes, abandoned: this.loop.abandoned + this.pool.abandoned, strays: 0 }
  }

  async close(within: number): Promise<void> {
    this.#closing = true
    this.#hold.set(true)
    const { over, stop } = this.#patience.begin(within)
    await Promise.race([Promise.all([this.loop.empty(), this.pool.empty()]), over])
    await Promise.race([this.#threads.destroy(), over])
    stop()
    this.#hold.set(this.#unfinished.count > 0)
  }
}

function invoke(run: LoopRun): unknown {
  const { call, args } = run.task.payload as AsyncTask
  return callAs(run, call, args)
}

function lanesOf(loop: LoopLane, pool: PoolLane, unfinished: UnfinishedTasks): KeptLanes {
  const lanes = [loop, pool]
  return {
    strays: 0,
    get unfinished() {
      return unfinished.count
    },
    get lastNumber() {
      return unfinished.lastNumber
    },
    lane: name => (name === pool.name ? pool : loop),
    undisturbed: call => call(),
    idle: (within, late) => unfinished.idle(within, late),
    [Symbol.iterator]: () => lanes.values(),
  }
}
