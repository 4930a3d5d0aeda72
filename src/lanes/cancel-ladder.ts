import type { EncodedReason } from '../bridge/error-codec.js'
import type { AbortTask } from '../bridge/protocol/supervisor-to-lane.js'
import { FLOAT, INT, type TableView } from '../bridge/shared-table.js'
import type { ThreadBlock } from '../bridge/thread-block.js'
import type { Clock } from '../core/clock.js'
import { LaneError } from '../core/errors.js'
import { Reminders, type Timers } from '../core/reminders.js'
import { CANCELED, TIMED_OUT } from '../core/task-state.js'
import type { TimerEntry } from '../core/timer-queue.js'
import { culpritsOf } from './culprits.js'
import { startedOn } from './started-tasks.js'

/** As much of a lane thread as the ladder needs. */
export interface LadderThread {
  readonly number: number
  readonly block: ThreadBlock
  readonly names: readonly string[]
  readonly isGone: boolean
  /** How many signs of life it has been asked for, each abort being one. */
  signsAsked: number
  tell(message: AbortTask): void
  /** @returns how many it has been asked for with this one */
  askForSign(): number
  terminate(why: Error): void
}

/** A started task whose outcome has been decided against it. */
export interface Decided {
  readonly lane: { readonly name: string; readonly grace: number }
  readonly thread: LadderThread
  readonly sender: number
  readonly id: number
  readonly table: TableView
}

interface Rung extends Decided {
  /** The sign of life that was asked for last: at first the one that the thread gives when it has the abort. */
  readonly sign: number
  /** How many signs it had given when it was looked at last, and since when it has given none. */
  readonly signs: number
  readonly since: number
  readonly graceUntil: number
}

/**
 * No thread is ended sooner, however short the grace: a task that is about to return may just not have had a core.
 */
const LEAST_PATIENCE_MS = 50

/** During a long grace it is looked at least so often whether the task has ended, and need not be watched any more. */
const LONGEST_WAIT_MS = 5_000

/**
 * Without a holder to be seen, the loop must have been silent this much longer than the grace before the thread is
 * ended: a niced thread on a saturated machine may just not have had a core.
 */
const SILENCE_MS = 300

/**
 * Sees to it that a task ends whose outcome has been decided against it.
 *
 * First its AbortSignal is fired, by message. From then on there are four cases, looked at after `grace`:
 *
 * 1. it has ended, or the thread has given it up: nothing is left to do;
 * 2. the loop has turned since it was asked for a sign, at first by the abort: the task is asynchronous, and the thread
 *    itself gives it up when its grace is over. Until it says that it has, it is asked again: what the task does on its
 *    abort may hold the loop;
 * 3. it holds the loop in its first synchronous stretch, as the thread's block says: the thread is ended;
 * 4. the loop is silent: it has given no sign at all for as long. If another task is in its first stretch, it is that
 *    one's doing, and the look is repeated. If none is, some task's later stretch holds it; when the silence has lasted,
 *    the thread is ended and all that might hold it are named.
 */
export class CancelLadder {
  readonly #tables: ReadonlyMap<number, TableView>
  readonly #clock: Clock
  readonly #rungs: Reminders<Rung>
  /** The reminders of those that have not ended, by sender and id. */
  readonly #open = new Map<string, TimerEntry<Rung>>()

  /** @param tables the task tables, by the number of their sender */
  constructor(tables: ReadonlyMap<number, TableView>, clock: Clock, timers: Timers) {
    this.#tables = tables
    this.#clock = clock
    this.#rungs = new Reminders(clock, timers, rung => this.#look(rung))
  }

  /** @param reason what the task's AbortSignal is to carry */
  climb(task: Decided, reason: EncodedReason): void {
    if (task.thread.isGone) return
    task.thread.tell({ type: 'abort', sender: task.sender, id: task.id, reason })
    const now = this.#clock.now()
    const graceUntil = now + Math.max(task.lane.grace, LEAST_PATIENCE_MS)
    const { signs } = task.thread.block
    this.#wait({ ...task, sign: ++task.thread.signsAsked, signs, since: now, graceUntil }, now)
  }

  /** The thread has given a task up. */
  abandoned(sender: number, id: number): void {
    const key = keyOf(sender, id)
    const reminder = this.#open.get(key)
    if (reminder === undefined) return
    this.#rungs.cancel(reminder)
    this.#open.delete(key)
  }

  /** Nothing is made to end any more. */
  stop(): void {
    this.#rungs.clear()
    this.#open.clear()
  }

  /** Until its grace is over, or for as long as may be. */
  #wait(rung: Rung, now: number): void {
    this.#lookAt(Math.min(rung.graceUntil, now + LONGEST_WAIT_MS), rung)
  }

  #lookAt(at: number, rung: Rung): void {
    this.#open.set(keyOf(rung.sender, rung.id), this.#rungs.add(at, rung))
  }

  #look(rung: Rung): void {
    const { thread, table, id, sender, lane } = rung
    this.#open.delete(keyOf(sender, id))
    if (thread.isGone || hasEnded(table, id)) return
    const now = this.#clock.now()
    if (now < rung.graceUntil) {
      this.#wait(rung, now)
      return
    }
    const { block } = thread
    const holder = block.holder
    if (holder === id && block.holderSender === sender) {
      this.#end(rung, [nameOf(thread, table, id)])
      return
    }
    const { signs } = block
    const hasTurned = signs >= rung.sign
    // It may turn and not have come to what it was asked for: there may be many aborts before it.
    const since = hasTurned || signs !== rung.signs ? now : rung.since
    const patience = lane.grace + SILENCE_MS
    if (holder === 0 && now - since >= patience) {
      this.#end(rung, this.#candidates(rung))
      return
    }
    const sign = hasTurned ? nextSign(thread) : rung.sign
    const pause = Math.max(lane.grace, SILENCE_MS / 3)
    const isSilentAt = since + patience
    this.#lookAt(isSilentAt > now ? Math.min(now + pause, isSilentAt) : now + pause, {
      ...rung,
      sign,
      signs,
      since,
    })
  }

  /** The tasks of all senders that may hold the loop; the table of the rung's own is known to nobody else once that has gone. */
  #candidates({ thread, table: own }: Rung): string[] {
    const names: string[] = []
    for (const table of new Set([own, ...this.#tables.values()]))
      for (const id of startedOn(table, thread.number)) names.push(nameOf(thread, table, id))
    return names
  }

  #end({ lane, thread }: Rung, names: readonly string[]): void {
    const { holders, told } = culpritsOf(names)
    const message = `a thread of lane '${lane.name}' was ended because ${told} held its loop`
    thread.terminate(new LaneError('ERR_LANE_TERMINATED', lane.name, message, { holders }))
  }
}

function keyOf(sender: number, id: number): string {
  return `${sender} ${id}`
}

/** One that it has been asked for and has not given is as good as another: it gives it later than now. */
function nextSign(thread: LadderThread): number {
  return thread.block.signs < thread.signsAsked ? thread.signsAsked : thread.askForSign()
}

function hasEnded(table: TableView, id: number): boolean {
  const state = table.state(id)
  return (state !== CANCELED && state !== TIMED_OUT) || table.float(id, FLOAT.ENDED) !== 0
}

function nameOf({ names }: LadderThread, table: TableView, id: number): string {
  return names[table.int(id, INT.CALL)] ?? '(unknown)'
}
