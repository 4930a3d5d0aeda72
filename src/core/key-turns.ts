import type { Clock } from './clock.js'
import { ReadyQueue } from './ready-queue.js'
import type { Task } from './task.js'

/** What is told of turns that others wait for than those who submitted them. */
export interface TurnObserver {
  /** A task that others know of waits for the turn of its key, or not any more. */
  waitsForTurn(task: Task, waits: boolean): void
  /** While such a task waits, or another thread for the key: who has the turn, if anybody has. */
  turnTaken(key: string, holder: Task | null): void
}

/** Where a thread has keys from, if others have tasks of the same keys. */
export interface KeySource {
  /** Asks for a key. @returns whether the thread has it at once; else it is told when it has */
  acquire(key: string): boolean
  /** Gives one back. */
  release(key: string): void
}

/** What whoever has tasks with keys makes of their turns. */
export interface TurnMeans {
  /** A task that has waited is to ask for its turn again: it is out of here. */
  asks(task: Task): void
  /** Left out where nobody waits for tasks but their submitter. */
  readonly observer: TurnObserver | undefined
  /** Left out where no other thread can have tasks of these keys. */
  readonly source: KeySource | undefined
}

interface Turn {
  /** Whether this thread has the key; else it has asked for it. */
  isOurs: boolean
  /** Whether another thread has asked for it. */
  isWanted: boolean
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
 * Where other threads have tasks of the same keys, a thread asks for a key when a task of it asks for its turn, and has
 * it until no task of the key is left that asks. If another thread wants it, it gives it up sooner: with the next turn
 * that ends. One that it was given and has not used yet it keeps, since two that cannot send now would else hand it to
 * and fro.
 *
 * That a task waits for its turn is told only of those that others know of, since nobody waits for the rest.
 */
export class KeyTurns {
  readonly #turns = new Map<string, Turn>()
  readonly #clock: Clock
  readonly #means: TurnMeans
  #waiting = 0

  constructor(clock: Clock, means: TurnMeans) {
    this.#clock = clock
    this.#means = means
  }

  /** How many tasks wait for their turn. */
  get waiting(): number {
    return this.#waiting
  }

  /** The keys that this thread has. */
  *held(): Generator<string> {
    for (const [key, { isOurs }] of this.#turns) if (isOurs) yield key
  }

  /** Whether a task would be given its turn; asks for its key, if need be. One that would not is to be parked. */
  isOpenTo({ extras }: Task): boolean {
    if (extras === null || extras.key === null || extras.hasTurn) return true
    const { isOurs, holder } = this.#turnOf(extras.key)
    return isOurs && holder === null
  }

  #turnOf(key: string): Turn {
    let turn = this.#turns.get(key)
    if (turn === undefined) {
      const isOurs = this.#means.source?.acquire(key) ?? true
      turn = { isOurs, isWanted: false, holder: null, waiting: new ReadyQueue<Task>(), known: new Set() }
      this.#turns.set(key, turn)
    }
    return turn
  }

  /** Gives a task its turn if nobody has it; true for one without a key, and for one that has it. */
  take(task: Task): boolean {
    const { extras } = task
    if (!this.isOpenTo(task)) return false
    if (extras === null || extras.key === null) return true
    const turn = this.#turnOf(extras.key)
    turn.holder = task
    extras.hasTurn = true
    this.#tell(extras.key, turn)
    return true
  }

  /** Has a task that was given its turn ask for it again, as the next. */
  untake(task: Task): void {
    const { extras } = task
    if (extras === null || extras.key === null) return
    const turn = this.#turns.get(extras.key)!
    extras.hasTurn = false
    turn.holder = null
    this.#tell(extras.key, turn)
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
    this.#means.observer?.waitsForTurn(task, true)
    turn.known.add(task)
    if (turn.known.size === 1) this.#tell(key, turn)
  }

  #tell(key: string, turn: Turn): void {
    if (turn.isWanted || turn.known.size > 0) this.#means.observer?.turnTaken(key, turn.holder)
  }

  /** Takes a task out that waits here. */
  remove(task: Task): void {
    const turn = this.#turns.get(task.extras!.key!)!
    turn.waiting.remove(task)
    this.#left(task, turn)
  }

  #left(task: Task, turn: Turn): void {
    this.#waiting--
    if (!turn.known.delete(task)) return
    this.#means.observer?.waitsForTurn(task, false)
    if (turn.known.size === 0 && !turn.isWanted) this.#means.observer?.turnTaken(task.extras!.key!, null)
  }

  /** A task does not want its turn any more, whether it had it or was to ask for it: the next may. */
  leave(task: Task): void {
    const { extras } = task
    if (extras === null || extras.key === null) return
    const turn = this.#turns.get(extras.key)
    if (turn === undefined || !turn.isOurs || (turn.holder !== null && !extras.hasTurn)) return
    extras.hasTurn = false
    turn.holder = null
    this.#tell(extras.key, turn)
    if (turn.isWanted) this.#pass(extras.key, turn)
    else this.#next(extras.key, turn)
  }

  /** Lets another thread have a key, and asks for it again if there is a task that waits. */
  #pass(key: string, turn: Turn): void {
    turn.isWanted = false
    this.#means.source!.release(key)
    if (turn.waiting.size === 0) this.#turns.delete(key)
    else turn.isOurs = this.#means.source!.acquire(key)
  }

  #next(key: string, turn: Turn): void {
    const next = turn.waiting.pop(this.#clock.now())
    if (next === null) {
      this.#turns.delete(key)
      this.#means.source?.release(key)
      return
    }
    this.#left(next, turn)
    this.#means.asks(next)
  }

  /** A key has come that was asked for. @returns whether it was */
  granted(key: string): boolean {
    const turn = this.#turns.get(key)
    if (turn === undefined || turn.isOurs) return false
    turn.isOurs = true
    this.#next(key, turn)
    return true
  }

  /** Another thread has asked for a key. This one may have given it back by now. */
  wanted(key: string): void {
    const turn = this.#turns.get(key)
    if (turn === undefined || !turn.isOurs) return
    turn.isWanted = true
    this.#tell(key, turn)
  }

  *[Symbol.iterator](): Generator<Task> {
    for (const { waiting } of this.#turns.values()) yield* waiting
  }
}
