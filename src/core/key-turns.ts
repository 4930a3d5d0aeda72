import { ReadyQueue } from './ready-queue.js'
import type { Task } from './task.js'

interface Turn {
  taken: boolean
  /** Those that asked while it was taken. */
  readonly waiting: ReadyQueue<Task>
}

/**
 * Whose turn it is among the tasks of one key: one at a time, from the moment it is taken to be sent until it has
 * ended for certain, its retries included.
 *
 * A task asks for its turn when it would be sent. If another has it, it waits here; when a turn ends, the first of
 * those that wait goes back to its lane's queue and asks again, so that what came meanwhile and is more urgent goes
 * before it. Keys cost nothing while no task has them.
 */
export class KeyTurns {
  readonly #turns = new Map<string, Turn>()
  #waiting = 0

  /** How many tasks wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether a task would be given its turn. */
  isOpenTo({ extras }: Task): boolean {
    if (extras === null || extras.key === null || extras.hasTurn) return true
    return this.#turns.get(extras.key)?.taken !== true
  }

  /** Gives a task its turn if nobody has it; true for one without a key, and for one that has it. */
  take(task: Task): boolean {
    const { extras } = task
    if (!this.isOpenTo(task)) return false
    if (extras === null || extras.key === null) return true
    let turn = this.#turns.get(extras.key)
    if (turn === undefined) {
      turn = { taken: true, waiting: new ReadyQueue<Task>() }
      this.#turns.set(extras.key, turn)
    }
    turn.taken = true
    extras.hasTurn = true
    return true
  }

  /** Lets a task wait that was not given its turn. */
  park(task: Task): void {
    this.#turns.get(task.extras!.key!)!.waiting.push(task)
    this.#waiting++
  }

  /** Takes a task out that waits here. */
  remove(task: Task): void {
    this.#turns.get(task.extras!.key!)!.waiting.remove(task)
    this.#waiting--
  }

  /**
   * A task does not want its turn any more, whether it had it or was to ask for it.
   *
   * @param now the present instant
   * @returns the task that is to ask next
   */
  leave(task: Task, now: number): Task | null {
    const { extras } = task
    if (extras === null || extras.key === null) return null
    const turn = this.#turns.get(extras.key)
    if (turn === undefined || (turn.taken && !extras.hasTurn)) return null
    extras.hasTurn = false
    turn.taken = false
    const next = turn.waiting.pop(now)
    if (next === null) this.#turns.delete(extras.key)
    else this.#waiting--
    return next
  }

  *[Symbol.iterator](): Generator<Task> {
    for (const { waiting } of this.#turns.values()) yield* waiting
  }
}
