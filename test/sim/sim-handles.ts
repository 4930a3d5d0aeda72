import { LENT, type Lendable } from '#src/bridge/handle-args.js'
import type { LaneSender } from '#src/bridge/lane-sender.js'
import { Epoch } from '#src/core/clock.js'
import { MultilaneError } from '#src/core/errors.js'
import type { Task } from '#src/core/task.js'
import { CANCELED, DONE, FAILED, TIMED_OUT } from '#src/core/task-state.js'
import { TaskHandle } from '#src/lanes/task-handle.js'
import { isTruthLost } from './answer-checks.js'
import { codeOf, FAILURES } from './conclusion.js'
import { noteMoved } from './dependency-checks.js'
import type { Detectors } from './detectors.js'
import { type HeldHandle, HeldHandles } from './held-handles.js'
import type { Races } from './races.js'
import { type Entry, type SimSender, WAITING_KINDS } from './sim-sender.js'
import type { SimSyncWaits } from './sim-sync-waits.js'
import { answerIn } from './sim-tasks.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

interface Heard {
  readonly entry: Entry
  /** What the handle told: a value, or an error. */
  readonly value?: unknown
  readonly error?: unknown
}

/** Whether it waits for nothing but its own time: nobody waits in a circle who waits for one of these. */
function waitsForNobody({ kind, after }: Entry): boolean {
  return !WAITING_KINDS.has(kind) && after.every(waitsForNobody)
}

const EPOCH = new Epoch(0, 0)

/** As the library makes them. */
const Handle = TaskHandle as unknown as new (task: Task, keeper: LaneSender, epoch: Epoch) => TaskHandle

/** The handle that its submitter has of a task. */
export function handleOf({ task, lane }: Entry): TaskHandle {
  return new Handle(task, lane, EPOCH)
}

/** The handles that tasks are given of other tasks, and what they tell. */
export class SimHandles {
  readonly held: HeldHandles
  readonly #world: SimWorld
  readonly #races: Races
  readonly #detectors: Detectors
  readonly #heard: Heard[] = []
  readonly #starts: { readonly entry: Entry; readonly hasStarted: boolean }[] = []
  readonly #sync: SimSyncWaits | null

  /** @param sync how tasks wait synchronously, where they do */
  constructor(world: SimWorld, races: Races, detectors: Detectors, sync: SimSyncWaits | null = null) {
    this.#sync = sync
    this.held = new HeldHandles(world, races, detectors)
    this.#world = world
    this.#races = races
    this.#detectors = detectors
  }

  /** A handle to be given to a task, with the number of who submitted its own; null if there is none. */
  offer(sender: SimSender): readonly [TaskHandle, number] | null {
    const { random } = this.#world
    const given = this.held.of(sender)
    if (given.length > 0 && random.chance(0.4)) {
      const one = random.pick(given)
      one.isGivenOn = true
      this.#races.hit('handle given on')
      return [one.handle, one.entry.sender.number]
    }
    const last = sender.entries.slice(-12).filter(waitsForNobody)
    if (last.length === 0) return null
    return [handleOf(random.pick(last)), sender.number]
  }

  /** Begins the task that a thread runs just now, which was given a handle. */
  begin(thread: SimThread, value: unknown, handle: TaskHandle, owner: number): unknown {
    const entry = this.#detectors.entryOf(owner, handle.id)
    if (entry === undefined)
      this.#detectors.fail('handles', `there is no task ${handle.id} of ${owner}`, { thread })
    const given = this.held.note(thread, handle, entry)
    if (this.#world.random.chance(0.1)) return value
    const left = this.held.of(thread.sender!).filter(({ entry }) => entry.sender.hasLeft)
    if (left.length === 0) return this.#use(thread, value, handle, entry, given)
    this.#races.hit('handle used whose submitter has left')
    const old = this.#world.random.pick(left)
    return this.#use(thread, value, old.handle, old.entry, old)
  }

  /** Does what a task does with a handle. @param given of a task that another thread has submitted */
  #use(
    thread: SimThread,
    value: unknown,
    handle: TaskHandle,
    entry: Entry,
    given: HeldHandle | null,
  ): unknown {
    const { random } = this.#world
    const { job } = thread
    if (random.chance(0.1)) {
      entry.isCancelAsked = true
      if (!handle.cancel()) this.#races.hit('cancel asked by another thread')
    }
    if (random.chance(0.1)) {
      noteMoved(entry)
      handle.setPriority(random.below(5))
    }
    if (this.#sync?.isDue() === true) {
      if (given !== null) given.users++
      const outcome = this.#sync.result(thread, job, handle, entry)
      if (given !== null) given.users--
      if (outcome !== null) this.#heard.push({ entry, ...outcome })
      return value
    }
    if (given !== null) given.users++
    let finish = (_: unknown): void => {}
    const ended = new Promise(resolve => {
      finish = resolve
    })
    const over = (): void =>
      this.#world.later(thread.actor, () => {
        if (given !== null) given.users--
        end()
        finish(value)
      })
    const heard = (what: Omit<Heard, 'entry'>): void => {
      this.#heard.push({ entry, ...what })
      over()
    }
    const { task } = (handle as unknown as Lendable)[LENT]()
    // In these runs alone, so that the others stay what they were.
    const isForStart = this.#world.usersCode !== null && random.chance(0.3)
    const end = thread.beginWait(job, () => [task], undefined, isForStart ? 'start' : 'end')
    if (isForStart)
      handle.wait({ for: 'RUNNING' }).then(hasStarted => {
        this.#starts.push({ entry, hasStarted })
        over()
      })
    else
      handle.result().then(
        result => heard({ value: result }),
        error => heard({ error }),
      )
    return ended
  }

  /** What each handle has told is what has become of its task. */
  conclude(cutShort: boolean): void {
    this.#concludeStarts(cutShort)
    for (const { entry, value, error } of this.#heard) {
      const { task, sender } = entry
      const wrong = (message: string): never => this.#detectors.fail('handles', message, { entry })
      if (error === undefined) {
        this.#races.hit('value heard of by handle')
        if (answerIn(value) !== task.sequence) wrong(`its handle tells that it returned ${value}`)
        if (entry.settled > 0 && task.state !== DONE && !isTruthLost(entry))
          wrong('its handle tells that it is DONE')
        continue
      }
      const code = error instanceof MultilaneError ? error.code : (error as Error).name
      this.#races.hit('failure heard of by handle')
      // What its submitter took with it that died, or all did that ended.
      const isLost = code === 'ERR_LANE_CLOSED' || code === 'ERR_RESULT_GONE'
      if (isLost && ((sender.actor.dead && !sender.hasLeft) || cutShort)) continue
      // It left its value with the thread that had run it, which has left as well.
      if (code === 'ERR_RESULT_GONE' && sender.hasLeft && entry.begun.at(-1)!.isGone) continue
      if (entry.settled === 0) continue
      const states = [FAILED, CANCELED, TIMED_OUT]
      if (!states.includes(task.state)) wrong(`its handle tells that it has ended with ${code}: ${error}`)
      if (code === FAILURES[entry.kind] && isTruthLost(entry)) continue
      if (codeOf(task) !== code) wrong(`its handle tells ${code}, and it has ended with ${codeOf(task)}`)
    }
  }

  #concludeStarts(cutShort: boolean): void {
    for (const { entry, hasStarted } of this.#starts) {
      this.#races.hit(hasStarted ? 'start heard of by handle' : 'start heard of in vain by handle')
      if (hasStarted && entry.claims === 0)
        this.#detectors.fail(
          'handles',
          'its handle tells that it has started, and no thread has claimed it',
          { entry },
        )
      // What its submitter knew of it may have gone with that.
      if (hasStarted || entry.claims === 0 || cutShort || entry.sender.actor.dead) continue
      this.#detectors.fail('handles', 'its handle tells that it has never started', { entry })
    }
  }
}
