import { LENT, type Lendable } from '#src/bridge/handle-args.js'
import { Imports } from '#src/bridge/imports.js'
import type { Task } from '#src/core/task.js'
import { DONE, FAILED, TASK_STATES } from '#src/core/task-state.js'
import type { TaskHandle } from '#src/lanes/task-handle.js'
import { isTruthLost } from './answer-checks.js'
import { codeOf } from './conclusion.js'
import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import { collect } from './sim-garbage.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** A handle that a thread was given of a task that another has submitted. */
export interface HeldHandle {
  readonly handle: TaskHandle
  readonly task: Task
  readonly entry: Entry
  /** How many tasks of the thread use it just now. */
  users: number
  /** Whether the thread has given it on. */
  isGivenOn: boolean
}

/** Those that a thread has asked for. */
const watched = new WeakSet<Task>()
const { watch, watchStart } = Imports.prototype
Imports.prototype.watch = function (task) {
  watched.add(task)
  watch.call(this, task)
}
Imports.prototype.watchStart = function (task) {
  watched.add(task)
  watchStart.call(this, task)
}

/** Whether it is no garbage, since the thread is to be told of its end: also if nobody waits for that there any more. */
function isHeldByWait(task: Task): boolean {
  return watched.has(task) && !task.dead
}

const BEFORE_START = new Set(['NEW', 'SUBMITTED', 'SCHEDULED'])

/** The handles that threads were given of tasks that others have submitted, until they are garbage there. */
export class HeldHandles {
  readonly #world: SimWorld
  readonly #races: Races
  readonly #detectors: Detectors
  readonly #held = new Map<SimSender, Set<HeldHandle>>()

  constructor(world: SimWorld, races: Races, detectors: Detectors) {
    this.#world = world
    this.#races = races
    this.#detectors = detectors
  }

  /** Those of the thread of a sender. */
  of(sender: SimSender): HeldHandle[] {
    return [...(this.#held.get(sender) ?? [])]
  }

  /** A thread was given a handle. @returns null if it has submitted the task itself */
  note(thread: SimThread, handle: TaskHandle, entry: Entry): HeldHandle | null {
    const sender = thread.sender!
    if (entry.sender === sender) {
      this.#races.hit('handle came home')
      return null
    }
    const { task } = (handle as unknown as Lendable)[LENT]()
    const all = this.#held.get(sender) ?? new Set()
    this.#held.set(sender, all)
    for (const one of all) if (one.task === task) return one
    if (task.dead) this.#races.hit('handle of a task that had ended')
    const held: HeldHandle = { handle, task, entry, users: 0, isGivenOn: false }
    all.add(held)
    return held
  }

  /** A thread holds handles no more that it has no use for. @param all also those that it has given on */
  drop(sender: SimSender, all: boolean): void {
    const held = this.#held.get(sender)
    for (const one of held ?? []) {
      if (one.users > 0 || (one.isGivenOn && !all) || isHeldByWait(one.task)) continue
      if (!all && this.#world.random.chance(0.5)) continue
      held!.delete(one)
      collect(one.task)
      this.#races.hit('handle given back')
    }
  }

  /** What is to be seen of a task by its handle is what its submitter sees, once all have been told. */
  checkQuiet(threads: readonly SimThread[]): void {
    for (const thread of threads) {
      const { sender, terminated, isCutOff, phase } = thread
      if (sender === null || terminated || isCutOff || sender.actor.parked || phase === 'left') continue
      for (const { handle, task, entry } of this.#held.get(sender) ?? []) {
        const { actor, hasBequeathed } = entry.sender
        if (actor.dead || actor.parked) continue
        const seen = TASK_STATES[entry.lane.stateOf(entry.task)]!
        const { state } = handle
        // How it waits for its start is not to be seen from afar.
        if (state === seen || (BEFORE_START.has(state) && BEFORE_START.has(seen))) continue
        // Whether its value may be gone is seen to in the end.
        if (hasBequeathed && isGone(task)) continue
        if (state === TASK_STATES[DONE] && isTruthLost(entry)) continue
        this.#detectors.fail('handles', `its handle shows ${state}, and it is ${seen}`, { entry, thread })
      }
    }
  }
}

/** Whether those who have its handle were told that nobody knows any more what became of it. */
function isGone(task: Task): boolean {
  return task.state === FAILED && codeOf(task) === 'ERR_RESULT_GONE'
}
