import type { SenderToSupervisor } from '../bridge/protocol/sender-to-supervisor.js'
import type { Timers } from '../core/reminders.js'
import { standstill } from '../core/standstill.js'
import type { Senders } from './senders.js'
import type { SupervisedLane } from './supervised-lane.js'
import { TaskPlaces } from './task-places.js'
import type { EndlessWait, WaitEntry, WaitWatch } from './wait-watch.js'

/** The first look comes so long after a thread was blocked, in milliseconds; each further one after twice as long. */
const FIRST_LOOK_MS = 20
const LONGEST_MS = 250

/**
 * Sees that threads do not block each other for ever, where no task waits for itself: all threads of a lane are in
 * synchronous waits for tasks that need a thread of that lane, or a task is bound to a thread that waits for it.
 *
 * | mode      | meaning                                       | left by                                               |
 * |-----------|-----------------------------------------------|-------------------------------------------------------|
 * | `idle`    | no thread is blocked without a limit          | `blocked()` → `looking`                               |
 * | `looking` | looks now and then whether all go on          | no thread is blocked so any more → `idle`; a wait     |
 * |           |                                               | seems not to end → `asking`                           |
 * | `asking`  | those on whose word that rests are to tell    | all have told it, or have gone (`gone()`): if it      |
 * |           | all that they know of waits                   | seems so still the wait is refused → `looking`        |
 *
 * What was told of waits may be over: whoever has told it holds its loop, and has not come to say so. So nobody is refused
 * before all of those have turned their loops. What is true then stays true, for none that waits can change it.
 */
export class StandstillWatch {
  readonly #waits: WaitWatch
  readonly #senders: Senders
  readonly #lanes: ReadonlyMap<string, Pick<SupervisedLane, 'crew'>>
  readonly #timers: Timers
  #mode: 'idle' | 'looking' | 'asking' = 'idle'
  #nextAfter = FIRST_LOOK_MS
  /** Who has yet to answer. */
  readonly #asked = new Set<number>()
  /** The wait on account of which they were asked. */
  #suspected: EndlessWait | null = null
  #lastLook = 0

  constructor(
    waits: WaitWatch,
    senders: Senders,
    lanes: ReadonlyMap<string, Pick<SupervisedLane, 'crew'>>,
    timers: Timers,
  ) {
    this.#waits = waits
    this.#senders = senders
    this.#lanes = lanes
    this.#timers = timers
  }

  /** A thread is blocked, however long that takes. */
  blocked(): void {
    this.#nextAfter = FIRST_LOOK_MS
    if (this.#mode === 'idle') this.#lookLater()
  }

  /** @returns whether the message was for the watch */
  receive(from: number, message: SenderToSupervisor): boolean {
    if (message.type !== 'waits-told') return false
    if (message.look === this.#lastLook) this.gone(from)
    return true
  }

  /** A sender has told all that it knew of waits, or has gone. */
  gone(sender: number): void {
    if (this.#asked.delete(sender) && this.#asked.size === 0) this.#look()
  }

  #lookLater(): void {
    this.#mode = 'looking'
    this.#timers.after(this.#nextAfter, () => this.#look())
    this.#nextAfter = Math.min(2 * this.#nextAfter, LONGEST_MS)
  }

  #look(): void {
    const blocked = [...this.#waits.endless]
    if (blocked.length === 0) {
      this.#mode = 'idle'
      return
    }
    const places = new TaskPlaces(this.#senders.tables)
    const found = standstill<WaitEntry, EndlessWait>({
      blocked,
      whereIs: ({ task, lane }) => (task === null ? { at: 'key' } : places.whereIs(task, lane)),
      waitsOf: node => this.#waits.waitsOf(node),
      crewOf: lane => this.#lanes.get(lane)?.crew ?? null,
    })
    if (found === null) this.#lookLater()
    else if (this.#mode === 'asking' && found.refused === this.#suspected) {
      const names = found.cycle.map(({ name }) => name)
      this.#waits.refuse(found.refused, names)
      // There may be others.
      this.#nextAfter = FIRST_LOOK_MS
      this.#lookLater()
    } else this.#ask(found.refused, this.#tellersOf(found.stuck, places))
  }

  /** Those on whose word it rests that nothing of this goes on. */
  #tellersOf(stuck: readonly WaitEntry[], places: TaskPlaces): Set<number> {
    const tellers = new Set<number>()
    for (const node of stuck) {
      for (const { by } of this.#waits.waitsOf(node)) if (this.#senders.has(by)) tellers.add(by)
      if (node.task === null) continue
      // It has no slot either if it has ended, and its sender has not come to say that nobody waits for it any more.
      const where = places.whereIs(node.task, node.lane)
      if (where.at === 'queue' && !where.isSent) tellers.add(node.task.owner)
    }
    return tellers
  }

  /** @param suspected whose thread is one of them */
  #ask(suspected: EndlessWait, tellers: Set<number>): void {
    this.#mode = 'asking'
    this.#suspected = suspected
    const look = ++this.#lastLook
    this.#asked.clear()
    for (const sender of tellers.add(suspected.by)) this.#asked.add(sender)
    for (const sender of this.#asked) this.#senders.tell(sender, { type: 'waits-wanted', look })
  }
}
