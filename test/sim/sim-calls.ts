import type { Job } from '#src/bridge/job.js'
import type { NestingExtras } from './nesting-extras.js'
import type { Races } from './races.js'
import { handleOf } from './sim-handles.js'
import type { SimMaps } from './sim-maps.js'
import type { Entry } from './sim-sender.js'
import type { Submissions } from './sim-submission.js'
import type { SimSyncWaits } from './sim-sync-waits.js'
import { answerIn } from './sim-tasks.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** What tasks do in other ways than to submit a few and await them. */
export interface MoreCalls {
  readonly extras: NestingExtras
  readonly sync: SimSyncWaits
  readonly maps: SimMaps
}

/** What tasks do that have others do a part of them. */
export class NestedCalls {
  readonly #world: SimWorld
  readonly #races: Races
  readonly #submissions: Submissions
  readonly #lanes: readonly string[]
  readonly #more: MoreCalls
  /** How many tasks there may be above one. */
  readonly #deepest: number
  /** The task that is behind a sender's number and its own. */
  entryOf: (sender: number, sequence: number) => Entry | undefined = () => undefined

  /** @param lanes the names of all */
  constructor(
    world: SimWorld,
    races: Races,
    submissions: Submissions,
    lanes: readonly string[],
    more: MoreCalls,
  ) {
    this.#more = more
    this.#world = world
    this.#races = races
    this.#submissions = submissions
    this.#lanes = lanes
    this.#deepest = world.random.pick([1, 2, 4, 8])
  }

  /** Begins the task that a thread runs just now. @param value what it is to return */
  begin(thread: SimThread, value: unknown): unknown {
    const { random } = this.#world
    const { job } = thread
    const parent = this.entryOf(job.source.sender, value as number)
    if (parent === undefined || parent.depth >= this.#deepest) return value
    let finish = (_: unknown): void => {}
    const ended = new Promise(resolve => {
      finish = resolve
    })
    let rounds = random.pick([1, 1, 2, 3])
    let awaited: Entry[] = []
    const next = (): void => {
      awaited = []
      if (rounds-- === 0) finish(value)
      // It goes on in a place of its own.
      else if (random.chance(0.3)) thread.timers.after(random.below(5), begin)
      else begin()
    }
    const begin = (): void => {
      const { extras, sync, maps } = this.#more
      if (extras.chance(extras.maps)) {
        this.#map(thread, job, parent, maps, next)
        return
      }
      if (sync.isDue()) {
        for (const entry of this.#submit(thread, parent, () => {}).slice(0, 1))
          this.#await(thread, job, entry, sync)
        next()
        return
      }
      awaited = this.#submit(thread, parent, entry => {
        if (!awaited.includes(entry)) return
        this.#world.later(thread.actor, () => {
          left--
          ends.get(entry)?.()
          if (left === 0) next()
        })
      })
      let left = awaited.length
      const ends = new Map(awaited.map(entry => [entry, thread.beginWait(job, () => [entry.task])]))
      if (left === 0) next()
    }
    thread.onAbort(() => {
      if (thread.isWaiting(job)) this.#races.hit('aborted while it waits for nested tasks')
      if (!random.chance(0.5)) return
      rounds = 0
      for (const entry of awaited) if (!entry.task.dead) this.#submissions.cancel(entry)
    })
    begin()
    return ended
  }

  /** A map does this part. */
  #map(thread: SimThread, job: Job, parent: Entry, maps: SimMaps, next: () => void): void {
    const { random } = this.#more.extras
    const lane = random.pick(this.#lanes)
    const map = this.#submissions.startMap(thread.reach(lane), lane, maps, parent, random)
    const end = thread.beginWait(job, () => map.tasks)
    map.whenSettled = () => {
      this.#races.hit(map.results === null ? 'nested map rejected' : 'nested map resolved')
      this.#world.later(thread.actor, () => {
        end()
        next()
      })
    }
  }

  /** Blocks the thread until a task has ended, or for a while. */
  #await(thread: SimThread, job: Job, entry: Entry, sync: SimSyncWaits): void {
    const outcome = sync.result(thread, job, handleOf(entry), entry)
    if (outcome !== null) this.#races.hit('nested task awaited synchronously')
    if (outcome !== null && 'value' in outcome && answerIn(outcome.value) !== entry.task.sequence)
      throw new Error(`a synchronous wait told ${outcome.value} of task ${entry.task.sequence}`)
  }

  /** @returns those that it is to wait for */
  #submit(thread: SimThread, parent: Entry, settled: (entry: Entry) => void): Entry[] {
    const { random } = this.#world
    const awaited: Entry[] = []
    for (let count = random.pick([1, 1, 2, 4]); count > 0; count--) {
      const lane = random.pick(this.#lanes)
      const entry = this.#submissions.submitNested(thread.reach(lane), lane, parent, settled)
      if (entry === null) continue
      // One may have been dropped for another already.
      if (!entry.task.dead && random.chance(0.85)) awaited.push(entry)
      else this.#races.hit('nested task left behind')
    }
    return awaited.filter(({ task }) => !task.dead)
  }
}
