import { FLOAT, INT, type TableView } from '../bridge/shared-table.js'
import type { ThreadBlock } from '../bridge/thread-block.js'
import type { Clock } from '../core/clock.js'
import type { Timers } from '../core/reminders.js'
import { LoopSilence, type SilentThread } from './loop-silence.js'
import { hasUnstarted, startedOn } from './started-tasks.js'

/** As much of a lane thread as the watch needs. */
export interface WatchedThread extends SilentThread {
  readonly number: number
  readonly names: readonly string[]
}

/** A task that holds a thread's loop, or may: whose it is, its id in that sender's table, its number there, and its name. */
export interface StalledTask {
  readonly sender: number
  readonly id: number
  readonly task: number
  readonly name: string
}

/** A thread's loop is held. */
export interface Stall {
  /** The number of this report. */
  readonly report: number
  readonly lane: string
  readonly thread: number
  /** Milliseconds it has held the loop. */
  readonly silent: number
  /**
   * All tasks in progress that may be the one, those first that have run longest. None if what holds the loop was left
   * behind by tasks that are over.
   */
  readonly candidates: readonly StalledTask[]
  /** What the thread's block says of who holds the loop: its id, or 0, and whose it is. */
  readonly holder: number
  readonly holderSender: number
  /** The sign of life that the thread owes; 0 if it is known who holds the loop, and since when. */
  readonly sign: number
}

/** Whether a thread is held still, by what a stall is about as far as can be seen. */
export function isHeldStill(
  block: Pick<ThreadBlock, 'holder' | 'holderSender' | 'signs'>,
  { holder, holderSender, sign }: Pick<Stall, 'holder' | 'holderSender' | 'sign'>,
): boolean {
  if (block.holder !== holder || (holder !== 0 && block.holderSender !== holderSender)) return false
  return sign === 0 || block.signs < sign
}

export interface StallObserver {
  /** Told once for each stall, while it lasts. */
  stalled(stall: Stall): void
  /** A stall that was told lasts. Told at each look. @param silent milliseconds so far */
  persists(stall: Stall, silent: number): void
  /** The stall lasts, and nobody has said that they heard of it. Told once. */
  unheard(stall: Stall): void
}

/** Those who are told of a stall have at least this long to say that they heard, in milliseconds. */
const LEAST_HEARING_MS = 500
/** The watch wakes no more often than this, in milliseconds. */
const LEAST_PERIOD_MS = 20
/** A tick that is late by more than its period and this was not slept through by the tasks alone. */
const SUSPENDED_MS = 1000

interface Watched {
  readonly lane: { readonly name: string; readonly stallAfter: number }
  readonly thread: WatchedThread
  readonly silence: LoopSilence
  /** What was told last, while the same task holds the loop. */
  told: { readonly stall: Stall; readonly at: number; settled: boolean } | null
}

/**
 * Notices tasks that hold the loop of their thread for too long, while they do. It looks at each tick of one timer for all
 * lanes, twice in the shortest `stallAfter`.
 *
 * A thread's block says which task is in its first synchronous stretch, and the task's table since when. A task that
 * holds the loop later, after an `await`, is not in the block: the loop is silent (`LoopSilence`), and any task may hold it
 * that has begun there and not ended. So it is if the sender of the one in the block has gone, and its table with it. Such a
 * silence counts from the tick at which the loop was asked for a sign of life. If no task is in progress, something holds the
 * loop that was left behind: that is a stall once a task waits there for it.
 *
 * When a tick comes very late, the whole process was suspended or starved: what the threads seem to have held then is
 * nobody's fault, and is judged at the next tick.
 */
export class StallWatch {
  readonly #tables: ReadonlyMap<number, TableView>
  readonly #clock: Clock
  readonly #timers: Timers
  readonly #observer: StallObserver
  readonly #watched = new Map<number, Watched>()
  #period = Number.POSITIVE_INFINITY
  #dueAt = 0
  #cancelTimer: (() => void) | null = null
  #reports = 0

  /** @param tables the task tables, by the number of their sender */
  constructor(tables: ReadonlyMap<number, TableView>, clock: Clock, timers: Timers, observer: StallObserver) {
    this.#tables = tables
    this.#clock = clock
    this.#timers = timers
    this.#observer = observer
  }

  watch(lane: { readonly name: string; readonly stallAfter: number }, thread: WatchedThread): void {
    if (lane.stallAfter === Number.POSITIVE_INFINITY) return
    this.#watched.set(thread.number, { lane, thread, silence: new LoopSilence(thread), told: null })
    this.#arm()
  }

  forget(thread: number): void {
    if (this.#watched.delete(thread)) this.#arm()
  }

  /** Somebody who was told of a stall has said so. */
  heard(report: number): void {
    for (const { told } of this.#watched.values()) if (told?.stall.report === report) told.settled = true
  }

  #arm(): void {
    let shortest = Number.POSITIVE_INFINITY
    for (const { lane } of this.#watched.values()) shortest = Math.min(shortest, lane.stallAfter)
    const period = Math.max(LEAST_PERIOD_MS, shortest / 2)
    if (period === this.#period) return
    this.#period = period
    this.#wait()
  }

  #wait(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
    if (this.#period === Number.POSITIVE_INFINITY) return
    this.#dueAt = this.#clock.now() + this.#period
    this.#cancelTimer = this.#timers.after(this.#period, () => this.#tick())
  }

  #tick(): void {
    const now = this.#clock.now()
    const late = now - this.#dueAt
    this.#wait()
    if (late > this.#period + SUSPENDED_MS) {
      // Nor could anybody say that they heard.
      for (const watched of this.#watched.values()) {
        if (watched.told !== null) watched.told = { ...watched.told, at: now }
        watched.silence.postpone(now)
      }
      return
    }
    for (const watched of this.#watched.values()) this.#look(watched, now)
  }

  #look(watched: Watched, now: number): void {
    const { thread, silence } = watched
    const { block } = thread
    const { holder, holderSender } = block
    const table = holder === 0 ? undefined : this.#tables.get(holderSender)
    if (table === undefined || !table.holds(holder)) {
      const silent = silence.look(now)
      const sight = { silent, holder, holderSender, sign: silence.sign }
      this.#judge(watched, now, sight, () => this.#startedOn(thread))
      return
    }
    silence.forget()
    const silent = now - table.float(holder, FLOAT.STARTED)
    const task = stalledTask(holderSender, table, holder, thread)
    // All of it was read of one task only if the loop has not gone on meanwhile.
    if (!isHeldStill(block, { holder, holderSender, sign: 0 }) || table.state(holder) < 0) return
    if (watched.told !== null && !isHeldStill(block, watched.told.stall)) watched.told = null
    this.#judge(watched, now, { silent, holder, holderSender, sign: 0 }, () => [task])
  }

  /** @param candidates those who may hold the loop */
  #judge(
    watched: Watched,
    now: number,
    sight: Pick<Stall, 'silent' | 'holder' | 'holderSender' | 'sign'>,
    candidates: () => readonly StalledTask[],
  ): void {
    const { lane, thread, told } = watched
    const { silent } = sight
    if (told !== null && told.stall.sign === sight.sign && silent > 0) {
      this.#observer.persists(told.stall, silent)
      if (told.settled) return
      if (now - told.at < Math.max(lane.stallAfter, LEAST_HEARING_MS)) return
      told.settled = true
      this.#observer.unheard({ ...told.stall, silent })
      return
    }
    watched.told = null
    if (silent < lane.stallAfter) return
    const holders = candidates()
    // What no task does, and none waits for, is nobody's stall.
    if (holders.length === 0 && !this.#isWaitedFor(thread)) return
    const report = ++this.#reports
    const stall: Stall = { ...sight, report, lane: lane.name, thread: thread.number, candidates: holders }
    watched.told = { stall, at: now, settled: false }
    this.#observer.stalled(stall)
  }

  #isWaitedFor({ number }: WatchedThread): boolean {
    for (const table of this.#tables.values()) if (hasUnstarted(table, number)) return true
    return false
  }

  /** The tasks that have begun on a thread and not ended, those first that have run longest. */
  #startedOn(thread: WatchedThread): StalledTask[] {
    const found: { readonly since: number; readonly task: StalledTask }[] = []
    for (const [sender, table] of this.#tables)
      for (const id of startedOn(table, thread.number))
        found.push({ since: table.float(id, FLOAT.STARTED), task: stalledTask(sender, table, id, thread) })
    return found.sort((a, b) => a.since - b.since).map(({ task }) => task)
  }
}

function stalledTask(sender: number, table: TableView, id: number, { names }: WatchedThread): StalledTask {
  const name = names[table.int(id, INT.CALL)] ?? '(unknown)'
  return { sender, id, task: table.float(id, FLOAT.SEQUENCE), name }
}
