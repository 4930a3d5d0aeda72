import { ReadyQueue } from './ready-queue.js'
import type { Task } from './task.js'

/** What is told of turns that others wait for than those who submitted them. */
export interface TurnObserver {
  /** A task that others know of waits for the turn of its key, or not any more. */
  waitsForTurn(task: Task, waits: boolean): void
  /** While such a task waits: another has the turn, or nobody any more. */
  turnTaken(key: string, holder: Task | null): void
}

interface Turn {
  /** The task that has it. */
  holder: Task | null
  /** Those that asked while it was taken. */
  readonly waiting: ReadyQueue<Task>
  /** Those among them that others know of. */
  readonly known: Set<Task>
}

/**
 * Whose turn it is among the tasks of one key: one at a time, from the moment it is taken to be sent until it has
 * ended for certain, its retries included.
 *
 * A task asks for its turn when it would be sent. If another has it, it waits here; when a turn ends, the first of
 * those that wait goes back to its lane's queue and asks again, so that what came meanwhile and is more urgent goes
 * before it. Keys cost nothing while no task has them.
 *
 * That a task waits for its turn is told only of those that others know of, since nobody waits for the rest.
 */
export class KeyTurns {
  readonly #turns = new Map<string, Turn>()
  readonly #observer: TurnObserver | undefined
  #waiting = 0

  constructor(observer: TurnObserver | undefined) {
    this.#observer = observer
  }

  /** How many tasks wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** Whether a task would be given its turn. */
  isOpenTo({ extras }: Task): boolean {
    if (extras === null || extras.key === null || extras.hasTurn) return true
    return (this.#turns.get(extras.key)?.holder ?? null) === null
  }

  /** Gives a task its turn if nobody has it; true for one without a key, and for one that has it. */
  take(task: Task): boolean {
    const { extras } = task
    if (!this.isOpenTo(task)) return false
    if (extras === null || extras.key === null) return true
    let turn = this.#turns.get(extras.key)
    if (turn === undefined) {
      turn = { holder: task, waiting: new ReadyQueue<Task>(), known: new Set() }
      this.#turns.set(extras.key, turn)
    }
    turn.holder = task
    extras.hasTurn = true
    if (turn.known.size > 0) this.#observer?.turnTaken(extras.key, task)
    return true
  }

  /** Lets a task wait that was not given its turn. */
  park(task: Task): void {
    this.#turns.get(task.extras!.key!)!.waiting.push(task)
    this.#waiting++
    if (task.extras!.isKnown) this.know(task)
  }

  /** Others know of a task that waits here. */
  know(task: Task): void {
    const key = task.extras!.key!
    const turn = this.#turns.get(key)!
    this.#observer?.waitsForTurn(task, true)
    if (turn.known.size === 0) this.#observer?.turnTaken(key, turn.holder)
    turn.known.add(task)
  }

  /** Takes a task out that waits here. */
  remove(task: Task): void {
    const turn = this.#turns.get(task.extras!.key!)!
    turn.waiting.remove(task)
    this.#left(task, turn)
  }

  #left(task: Task, turn: Turn): void {
    this.#waiting--
    if (turn.known.delete(task)) this.#observer?.waitsForTurn(task, false)
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
    if (turn === undefined || (turn.holder !== null && !extras.hasTurn)) return null
    extras.hasTurn = false
    turn.holder = null
    if (turn.known.size > 0) this.#observer?.turnTaken(extras.key, null)
    const next = turn.waiting.pop(now)
    if (next === null) this.#turns.delete(extras.key)
    else this.#left(next, turn)
    return next
  }

  *[Symbol.iterator](): Generator<Task> {
    for (const { waiting } of this.#turns.values()) yield* waiting
  }
}
