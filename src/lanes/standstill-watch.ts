import type { SenderToSupervisor } from '../bridge/protocol/sender-to-supervisor.js'
import { standstill, type Whereabouts } from '../core/standstill.js'
import type { Senders } from './senders.js'
import type { SupervisedLane } from './supervised-lane.js'
import type { Surroundings } from './surroundings.js'
import { TaskPlaces } from './task-places.js'
import type { EndlessWait, WaitEntry, WaitWatch } from './wait-watch.js'

/** The first look comes so long after a thread was blocked, in milliseconds; each further one after twice as long. */
const FIRST_LOOK_MS = 20
const LONGEST_MS = 250
/** Of the supervisor's time no more is spent on looking: a look at a hundred thousand waits takes long. */
const MOST_OF_TIME = 0.05
/** Whoever has not answered by then holds its loop: what rests on its word is left out until it has, in milliseconds. */
const PATIENCE_MS = 250

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
 * |           | all that they know of waits                   | seems so still the wait is refused → `looking`; too   |
 * |           |                                               | long → `looking`, without those who were silent       |
 *
 * What was told of waits may be over: whoever has told it holds its loop, and has not come to say so. So nobody is refused
 * before all of those have turned their loops. What is true then stays true, for none that waits can change it.
 */
export class StandstillWatch {
  readonly #waits: WaitWatch
  readonly #senders: Senders
  readonly #lanes: ReadonlyMap<string, Pick<SupervisedLane, 'crew'>>
  readonly #surroundings: Pick<Surroundings, 'clock' | 'timers'>
  #mode: 'idle' | 'looking' | 'asking' = 'idle'
  #nextAfter = FIRST_LOOK_MS
  /** Who has yet to answer. */
  readonly #asked = new Set<number>()
  /** Who has not for long. */
  readonly #silent = new Set<number>()
  /** The wait on account of which they were asked. */
  #suspected: EndlessWait | null = null
  #lastLook = 0

  constructor(
    waits: WaitWatch,
    senders: Senders,
    lanes: ReadonlyMap<string, Pick<SupervisedLane, 'crew'>>,
    surroundings: Pick<Surroundings, 'clock' | 'timers'>,
  ) {
    this.#waits = waits
    this.#senders = senders
    this.#lanes = lanes
    this.#surroundings = surroundings
  }

  /** A thread is blocked, however long that takes. */
  blocked(): void {
    this.#nextAfter = FIRST_LOOK_MS
    if (this.#mode === 'idle') this.#lookLater()
  }

  /** @returns whether the message was for the watch */
  receive(from: number, message: SenderToSupervisor): boolean {
    if (message.type !== 'waits-told') return false
    this.#silent.delete(from)
    if (message.look === this.#lastLook) this.gone(from)
    return true
  }

  /** A sender has told all that it knew of waits, or has gone. */
  gone(sender: number): void {
    this.#silent.delete(sender)
    if (this.#asked.delete(sender) && this.#asked.size === 0) this.#look()
  }

  #lookLater(): void {
    this.#mode = 'looking'
    this.#surroundings.timers.after(this.#nextAfter, () => this.#look())
    this.#nextAfter = Math.min(2 * this.#nextAfter, LONGEST_MS)
  }

  #look(): void {
    const blocked = [...this.#waits.endless]
    if (blocked.length === 0) {
      this.#mode = 'idle'
      return
    }
    const { clock } = this.#surroundings
    const begun = clock.now()
    const places = new TaskPlaces(this.#senders.tables)
    const found = standstill<WaitEntry, EndlessWait>({
      blocked,
      whereIs: node =>
        this.#restsOn(node, places).some(by => this.#silent.has(by)) ? AT_END : placeOf(node, places),
      waitsOf: node => this.#waits.waitsOf(node),
      crews: new Map([...this.#lanes].map(([name, { crew }]) => [name, crew])),
    })
    this.#nextAfter = Math.max(this.#nextAfter, (clock.now() - begun) / MOST_OF_TIME)
    if (found === null) this.#lookLater()
    else if (this.#mode === 'asking' && found.refused === this.#suspected) {
      const names = found.cycle.map(({ name }) => name)
      this.#waits.refuse(found.refused, names)
      // There may be others.
      this.#nextAfter = FIRST_LOOK_MS
      this.#lookLater()
    } else
      this.#ask(
        found.refused,
        found.stuck.flatMap(node => this.#restsOn(node, places)),
      )
  }

  /** Those on whose word it rests what a task waits for, and whether it has ended. */
  #restsOn(node: WaitEntry, places: TaskPlaces): number[] {
    const tellers: number[] = []
    for (const { by } of this.#waits.waitsOf(node)) if (this.#senders.has(by)) tellers.push(by)
    // It has no slot either if it has ended, and its sender has not come to say that nobody waits for it any more.
    if (node.task !== null && placeOf(node, places).at === 'queue') tellers.push(node.task.owner)
    return tellers
  }

  /** @param suspected whose thread is one of them */
  #ask(suspected: EndlessWait, tellers: readonly number[]): void {
    this.#mode = 'asking'
    this.#suspected = suspected
    const look = ++this.#lastLook
    this.#asked.clear()
    for (const sender of [suspected.by, ...tellers]) this.#asked.add(sender)
    for (const sender of this.#asked) this.#senders.tell(sender, { type: 'waits-wanted', look })
    this.#surroundings.timers.after(PATIENCE_MS, () => {
      if (this.#mode !== 'asking' || this.#lastLook !== look) return
      for (const sender of this.#asked) this.#silent.add(sender)
      this.#lastLook++
      this.#asked.clear()
      this.#mode = 'looking'
      this.#look()
    })
  }
}

const AT_END: Whereabouts = { at: 'end' }

function placeOf({ task, lane }: WaitEntry, places: TaskPlaces): Whereabouts {
  return task === null ? { at: 'key' } : places.whereIs(task, lane)
}
