import { LENT, type Lendable } from '#src/bridge/handle-args.js'
import type { LaneSender } from '#src/bridge/lane-sender.js'
import { Epoch } from '#src/core/clock.js'
import { MultilaneError } from '#src/core/errors.js'
import type { Task } from '#src/core/task.js'
import { CANCELED, DONE, FAILED, TASK_STATES, TIMED_OUT } from '#src/core/task-state.js'
import { TaskHandle } from '#src/lanes/task-handle.js'
import { codeOf } from './conclusion.js'
import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import { collect } from './sim-garbage.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** A handle that a thread was given of a task that another has submitted. */
interface Given {
  readonly handle: TaskHandle
  readonly task: Task
  readonly entry: Entry
  /** How many tasks of the thread use it just now. */
  users: number
  /** Whether the thread has given it on. */
  isGivenOn: boolean
}

interface Heard {
  readonly entry: Entry
  /** What the handle told: a value, or an error. */
  readonly value?: unknown
  readonly error?: unknown
}

/** Tasks that wait for nothing but their own time: nobody waits in a circle who waits for one of these. */
const WAITING_KINDS = new Set(['calls', 'awaits'])

function waitsForNobody({ kind, after }: Entry): boolean {
  return !WAITING_KINDS.has(kind) && after.every(waitsForNobody)
}

const BEFORE_START = new Set(['NEW', 'SUBMITTED', 'SCHEDULED'])

const EPOCH = new Epoch(0, 0)

/** As the library makes them. */
const Handle = TaskHandle as unknown as new (task: Task, keeper: LaneSender, epoch: Epoch) => TaskHandle

/** The handles that tasks are given of other tasks, and what they tell. */
export class SimHandles {
  readonly #world: SimWorld
  readonly #races: Races
  readonly #detectors: Detectors
  readonly #given = new Map<SimSender, Set<Given>>()
  readonly #heard: Heard[] = []

  constructor(world: SimWorld, races: Races, detectors: Detectors) {
    this.#world = world
    this.#races = races
    this.#detectors = detectors
  }

  /** A handle to be given to a task, with the number of who submitted its own; null if there is none. */
  offer(sender: SimSender): readonly [TaskHandle, number] | null {
    const { random } = this.#world
    const given = [...(this.#given.get(sender) ?? [])]
    if (given.length > 0 && random.chance(0.4)) {
      const one = random.pick(given)
      one.isGivenOn = true
      this.#races.hit('handle given on')
      return [one.handle, one.entry.sender.number]
    }
    const last = sender.entries.slice(-12).filter(waitsForNobody)
    if (last.length === 0) return null
    const entry = random.pick(last)
    return [new Handle(entry.task, entry.lane, EPOCH), sender.number]
  }

  /** Begins the task that a thread runs just now, which was given a handle. */
  begin(thread: SimThread, value: unknown, handle: TaskHandle, owner: number): unknown {
    const { random } = this.#world
    const { job } = thread
    const entry = this.#detectors.entryOf(owner, handle.id)
    if (entry === undefined)
      this.#detectors.fail('handles', `there is no task ${handle.id} of ${owner}`, { thread })
    const given = this.#note(thread, handle, entry)
    if (random.chance(0.1)) return value
    if (random.chance(0.1)) {
      entry.isCancelAsked = true
      if (!handle.cancel()) this.#races.hit('cancel asked by another thread')
    }
    if (random.chance(0.1)) handle.setPriority(random.below(5))
    if (given !== null) given.users++
    let finish = (_: unknown): void => {}
    const ended = new Promise(resolve => {
      finish = resolve
    })
    const heard = (what: Omit<Heard, 'entry'>): void => {
      this.#heard.push({ entry, ...what })
      this.#world.later(thread.actor, () => {
        if (given !== null) given.users--
        end()
        finish(value)
      })
    }
    const { task } = (handle as unknown as Lendable)[LENT]()
    const end = thread.beginWait(job, task)
    handle.result().then(
      result => heard({ value: result }),
      error => heard({ error }),
    )
    return ended
  }

  #note(thread: SimThread, handle: TaskHandle, entry: Entry): Given | null {
    const sender = thread.sender!
    if (entry.sender === sender) {
      this.#races.hit('handle came home')
      return null
    }
    const { task } = (handle as unknown as Lendable)[LENT]()
    const all = this.#given.get(sender) ?? new Set()
    this.#given.set(sender, all)
    for (const one of all) if (one.task === task) return one
    if (task.dead) this.#races.hit('handle of a task that had ended')
    const given: Given = { handle, task, entry, users: 0, isGivenOn: false }
    all.add(given)
    return given
  }

  /** A thread holds handles no more that it has no use for. @param all also those that it has given on */
  drop(sender: SimSender, all: boolean): void {
    const given = this.#given.get(sender)
    for (const one of given ?? []) {
      if (one.users > 0 || (one.isGivenOn && !all)) continue
      if (!all && this.#world.random.chance(0.5)) continue
      given!.delete(one)
      collect(one.task)
      this.#races.hit('handle given back')
    }
  }

  /**
   * How many tasks of a sender may stay out for ever: a thread died that had given their handles on, perhaps with tasks
   * that nobody will run, and of which nobody says that they were never looked at.
   */
  lostWithLenders(owner: SimSender): number {
    const lost = new Set<Entry>()
    for (const [sender, given] of this.#given) {
      if (!sender.actor.dead) continue
      for (const { entry, isGivenOn } of given) if (isGivenOn && entry.sender === owner) lost.add(entry)
    }
    return lost.size
  }

  /** What each handle has told is what has become of its task. */
  conclude(cutShort: boolean): void {
    for (const { entry, value, error } of this.#heard) {
      const { task, sender } = entry
      const wrong = (message: string): never => this.#detectors.fail('handles', message, { entry })
      if (error === undefined) {
        this.#races.hit('value heard of by handle')
        if (value !== task.sequence) wrong(`its handle tells that it returned ${value}`)
        if (entry.settled > 0 && task.state !== DONE) wrong('its handle tells that it is DONE')
        continue
      }
      const code = error instanceof MultilaneError ? error.code : (error as Error).name
      this.#races.hit('failure heard of by handle')
      // What its submitter took with it, or all did that ended.
      const isLost = code === 'ERR_LANE_CLOSED' || code === 'ERR_RESULT_GONE'
      if (isLost && (sender.actor.dead || cutShort)) continue
      if (entry.settled === 0) continue
      const states = [FAILED, CANCELED, TIMED_OUT]
      if (!states.includes(task.state)) wrong(`its handle tells that it has ended with ${code}: ${error}`)
      if (codeOf(task) !== code) wrong(`its handle tells ${code}, and it has ended with ${codeOf(task)}`)
    }
  }

  /** What is to be seen of a task by its handle is what its submitter sees, once all have been told. */
  checkQuiet(threads: readonly SimThread[]): void {
    for (const thread of threads) {
      const { sender, terminated, isCutOff, phase } = thread
      if (sender === null || terminated || isCutOff || sender.actor.parked || phase === 'left') continue
      for (const { handle, entry } of this.#given.get(sender) ?? []) {
        const { actor, hasLeft } = entry.sender
        if (actor.dead || actor.parked || hasLeft) continue
        const seen = TASK_STATES[entry.lane.stateOf(entry.task)]!
        const { state } = handle
        // How it waits for its start is not to be seen from afar.
        if (state !== seen && !(BEFORE_START.has(state) && BEFORE_START.has(seen)))
          this.#detectors.fail('handles', `its handle shows ${state}, and it is ${seen}`, { entry, thread })
      }
    }
  }
}
