import { noteHandle } from '#src/bridge/handle-args.js'
import { Random } from '../support/random.js'
import type { Races } from './races.js'
import type { Actor } from './sim-actor.js'
import { handleOf } from './sim-handles.js'
import type { SimMaps } from './sim-maps.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { Submissions } from './sim-submission.js'
import type { SimSyncWaits } from './sim-sync-waits.js'
import type { CallSite, SimWorld } from './sim-world.js'

/** One for which no seed that is named anywhere has any of it: each of those is still the run it was. */
const SALT = 3700

/** How many such calls may be on the stack: each may cause more. */
const MOST_DEEP = 3

/** What users' code does where the library calls it, in the middle of its own. It has chances of its own, so that it changes no others. */
export class UsersCode {
  readonly #random: Random
  /** How likely each of them does anything. */
  readonly #share: number
  #depth = 0
  /** Those in the middle of reading what is to leave, where nobody may wait. */
  readonly #reading = new Set<Actor>()

  constructor(seed: number) {
    this.#random = new Random(seed + SALT)
    this.#share = this.#random.chance(0.1) ? this.#random.pick([0.05, 0.2, 0.5]) : 0
  }

  /** Whether it does anything at all. */
  get isBusy(): boolean {
    return this.#share > 0
  }

  /** @param run what it can do things with */
  begin(run: UsersMeans): void {
    // Arguments are searched for handles once there has been one, of an earlier run as well.
    noteHandle()
    run.world.usersCode = site => this.#at(site, run)
    run.world.unreadable = this.#random.pick([0, 0, 0.02, 0.2])
  }

  #at(site: CallSite, run: UsersMeans): void {
    if (this.#depth === MOST_DEEP || !this.#random.chance(this.#share)) return
    const { world, scheduler } = run
    const sender = scheduler.livingSenders.find(({ actor }) => actor === world.current)
    if (sender === undefined) return
    this.#depth++
    const isReading = site === 'an argument' || site === 'a result'
    if (isReading) this.#reading.add(sender.actor)
    try {
      for (let count = this.#random.pick([1, 1, 3]); count > 0; count--) this.#act(site, sender, run)
    } finally {
      this.#depth--
      if (isReading) this.#reading.delete(sender.actor)
    }
  }

  #act(site: CallSite, sender: SimSender, run: UsersMeans): void {
    const random = this.#random
    const { submissions, races, scheduler } = run
    const entry = this.#any(sender)
    const roll = random.next()
    if (roll < 0.3) {
      if (entry === null) return
      races.hit(`cancelled in ${site}`)
      submissions.cancel(entry)
    } else if (roll < 0.4) {
      if (entry !== null) submissions.setPriority(entry)
    } else if (roll < 0.6) this.#submit(site, sender, run)
    else if (roll < 0.7) this.#map(sender, run)
    else if (roll < 0.9) {
      if (entry !== null) this.#wait(site, sender, entry, run)
    } else if (roll < 0.91 && sender === scheduler.main && run.end !== null) {
      races.hit('closed or stopped by code of users')
      run.end()
    }
  }

  /** Rather one that has not ended. */
  #any({ open, entries }: SimSender): Entry | null {
    const among = (this.#random.chance(0.9) ? [...open] : entries).filter(({ isHanded }) => isHanded)
    return among.length === 0 ? null : this.#random.pick(among)
  }

  #submit(site: CallSite, sender: SimSender, { submissions, lanes, scheduler, races }: UsersMeans): void {
    if (submissions.isOver) return
    races.hit(`submitted in ${site}`)
    const lane = this.#random.pick(lanes)
    const thread = scheduler.living.find(({ actor }) => actor === sender.actor)
    if (thread === undefined) submissions.submit(sender, lane)
    else submissions.submitNested(thread.reach(lane), lane, sender.entries[0]?.parent ?? null, () => {})
  }

  #map(sender: SimSender, { submissions, maps, scheduler, lanes }: UsersMeans): void {
    if (submissions.isOver || scheduler.senders.every(one => one !== sender)) return
    submissions.startMap(sender, this.#random.pick(lanes), maps, null, this.#random)
  }

  #wait(
    site: CallSite,
    sender: SimSender,
    entry: Entry,
    { sync, scheduler, world, races }: UsersMeans,
  ): void {
    const thread = scheduler.living.find(({ actor }) => actor === sender.actor)
    if (sync === null || thread === undefined || !world.isAlone || thread.isBlocked) return
    // What is reported is reported to those who have made the scheduler, who cannot wait so.
    if (site !== 'a report') races.hit(`waited synchronously in ${site}`)
    sync.result(thread, thread.running ?? null, handleOf(entry), entry, this.#reading.has(sender.actor))
  }
}

/** What users' code in a run can do things with. */
export interface UsersMeans {
  readonly world: SimWorld
  readonly races: Races
  readonly scheduler: SimScheduler
  readonly submissions: Submissions
  readonly maps: SimMaps
  /** How tasks wait synchronously, where they do. */
  readonly sync: SimSyncWaits | null
  /** The names of all. */
  readonly lanes: readonly string[]
  /** Null once it is to end by itself. */
  readonly end: (() => void) | null
}
