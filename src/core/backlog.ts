import { makeAcceptance } from './acceptance.js'
import type { BacklogObserver } from './backlog-observer.js'
import { Cascade } from './cascade.js'
import type { Clock } from './clock.js'
import { KeyTurns } from './key-turns.js'
import { ReadyQueue } from './ready-queue.js'
import type { Reminders } from './reminders.js'
import type { Task, TaskExtras } from './task.js'
import { TaskReminders } from './task-reminders.js'
import { NEW, SCHEDULED, SUBMITTED } from './task-state.js'

/** The places of a task at its sender; `OUTSIDE` if it is sent, or settled. */
export const OUTSIDE = 0
export const HELD = 1
export const DELAYED = 2
export const READY = 3
export const PARKED = 4
export const TIED = 5

/**
 * The tasks of one lane that wait at their sender, and in which order they leave.
 *
 * A waiting task is in exactly one of these places, and this class alone moves it:
 *
 * | place   | state     | waits for            | enters by                            | leaves by                       |
 * |---------|-----------|----------------------|--------------------------------------|---------------------------------|
 * | TIED    | NEW       | others, to be done   | `hold`, with dependencies            | their end: HELD; `remove`       |
 * | HELD    | NEW       | room in the queue    | `hold`; TIED                         | `admit`; `remove`               |
 * | DELAYED | SCHEDULED | its time, and others | `add` with either, `delay` (retry)   | both, `resume`: READY; `remove` |
 * | READY   | SUBMITTED | credit               | `add`, `putBack`, `untake`, the others| `take`: OUTSIDE, PARKED; `peek`: PARKED; `remove`|
 * | PARKED  | SUBMITTED | its key's turn       | `take`, `peek`, when another has the turn | the turn's end, `reprioritize`: READY; `remove` |
 * | OUTSIDE | any other | nothing: it is sent or settled | `take`, `remove`, its time's end | `putBack`, `untake`, `delay`   |
 *
 * In every place a limit of its waiting may run out: then it leaves, and the owner is told. While it is DELAYED or has a
 * limit, one reminder of it is set. It leaves in the same way when one of those that it waits for has failed.
 *
 * One that has to wait for room is not let in before those that it waits for are done: it would take the place that one
 * of them may need. What is let in at once may wait for others inside, since they have all come before it, and none of
 * them can wait for room behind it. So the first to have come of all that wait can always go on.
 */
export class Backlog {
  /** Whose turn it is among those that have keys. */
  readonly turns: KeyTurns
  readonly #clock: Clock
  readonly #reminders: TaskReminders
  readonly #observer: BacklogObserver
  readonly #ready = new ReadyQueue<Task>()
  readonly #held = new ReadyQueue<Task>()
  readonly #tied = new Set<Task>()
  readonly #delayed = new Set<Task>()
  readonly #forsaken = new Cascade<Task>(task => this.#forsake(task))

  constructor(clock: Clock, reminders: Reminders<() => void>, observer: BacklogObserver) {
    this.#clock = clock
    this.#reminders = new TaskReminders(clock, reminders, (task, extras) => this.#remind(task, extras))
    this.#observer = observer
    this.turns = new KeyTurns(clock, {
      asks: task => {
        this.#ask(task)
        observer.becameReady()
      },
      observer: observer.turns,
      source: observer.keys,
    })
  }

  /** How many accepted tasks are here. */
  get size(): number {
    return this.#ready.size + this.#delayed.size + this.turns.waiting
  }

  /** How many wait for room alone. */
  get held(): number {
    return this.#held.size
  }

  /** How many are not accepted. */
  get unaccepted(): number {
    return this.#held.size + this.#tied.size
  }

  /** How many could be sent, as far as their keys let them. */
  get ready(): number {
    return this.#ready.size
  }

  /** How many are in this state. */
  countIn(state: number): number {
    if (state === NEW) return this.unaccepted
    if (state === SUBMITTED) return this.#ready.size + this.turns.waiting
    return state === SCHEDULED ? this.#delayed.size : 0
  }

  /** Takes in a new task that is accepted. */
  add(task: Task): void {
    const { extras } = task
    if (extras !== null && (this.#isTied(task, extras) || extras.notBefore > this.#clock.now())) {
      task.enter(SCHEDULED)
      this.#postpone(task, extras)
      return
    }
    task.enter(SUBMITTED)
    this.#makeReady(task)
    this.#observer.becameReady()
  }

  /** Takes in a new task for which there is no room yet. */
  hold(task: Task): void {
    const extras = task.rareOptions()
    extras.acceptance = makeAcceptance()
    task.place = this.#isTied(task, extras) ? TIED : HELD
    if (task.place === TIED) this.#tied.add(task)
    else this.#held.push(task)
    this.#reminders.set(task, task.place === DELAYED)
  }

  /**
   * Accepts tasks that wait for room.
   *
   * @param enter takes a place for one, and says whether there was one
   * @returns those that were accepted
   */
  admit(enter: () => boolean): Task[] {
    const admitted: Task[] = []
    while (this.#held.size > 0 && enter()) {
      const task = this.#held.pop(this.#clock.now())!
      this.#reminders.cancel(task)
      this.add(task)
      task.extras!.acceptance!.resolve()
      admitted.push(task)
      task.extras!.observer?.accepted(task)
    }
    return admitted
  }

  /** The first in order that could be sent now, aging left aside, or null. */
  peek(): Task | null {
    for (;;) {
      const task = this.#ready.peek()
      if (task === null) return null
      if (this.turns.isOpenTo(task)) return task
      this.#ready.remove(task)
      this.#park(task)
    }
  }

  /**
   * Takes the next task out, to be sent. It has its key's turn from then on, until `endTurn`.
   *
   * @param now the present instant
   */
  take(now: number): Task | null {
    for (;;) {
      const task = this.#ready.pop(now)
      if (task === null) return null
      // Its time ran out while this thread was too busy to notice.
      if (task.extras !== null && task.extras.expires <= now) {
        this.#left(task)
        this.#observer.ranOut(task)
        continue
      }
      if (this.turns.take(task)) {
        task.place = OUTSIDE
        this.#reminders.cancel(task)
        return task
      }
      this.#park(task)
    }
  }

  /** Puts a task back that was taken and could not be sent: it is the next to be taken. */
  untake(task: Task): void {
    // One that runs again keeps its turn.
    if (task.extras?.attempt === 1) this.turns.untake(task)
    task.place = READY
    this.#reminders.set(task, task.place === DELAYED)
    this.#ready.untake(task)
  }

  /** Puts a task back where it was in order, without telling the owner: it was taken back, or is to be run again. */
  putBack(task: Task): void {
    // One that runs again keeps its turn: what comes after it must not come between its attempts.
    if (task.extras?.attempt === 1) this.endTurn(task)
    if (task.state !== SUBMITTED) task.enter(SUBMITTED)
    this.#makeReady(task)
  }

  /** Keeps a task that is to be run again until its time. Its turn stays its own. */
  delay(task: Task, until: number): void {
    const extras = task.extras!
    extras.notBefore = until
    this.#postpone(task, extras)
  }

  /** Lets a task go on that was delayed without an end: it may be sent now. */
  resume(task: Task): void {
    const extras = task.extras!
    extras.notBefore = this.#clock.now()
    extras.since = extras.notBefore
    this.#goOn(task)
  }

  /** What all tasks here wait for is of no interest any more: they are to end, each by itself. */
  untie(): void {
    for (const { extras } of [...this.#delayed, ...this.#tied]) extras!.dependencies?.letGo()
  }

  /** Takes a task out, wherever in here it is: its outcome has been decided. */
  remove(task: Task): void {
    switch (task.place) {
      case HELD:
        this.#held.remove(task)
        break
      case TIED:
        this.#tied.delete(task)
        break
      case DELAYED:
        this.#delayed.delete(task)
        break
      case READY:
        this.#ready.remove(task)
        break
      case PARKED:
        this.turns.remove(task)
        break
      default:
        return
    }
    this.#left(task)
  }

  /** Changes the priority of a task, in whichever place it is. */
  reprioritize(task: Task, priority: number): void {
    this.#move(task, extras => {
      extras.priority = priority
    })
  }

  /**
   * Gives a task the priority of what waits for it, or takes it away again.
   *
   * @param priority 0 if nothing waits for it any more
   * @param takeBack has one here that was sent. @returns false if it stays where it is, and is told for when it waits again
   * @returns whether it was moved
   */
  inherit(task: Task, priority: number, takeBack: () => boolean): boolean {
    const extras = task.rareOptions()
    // Not even asked to wait for its key's turn once more, if nothing changes by it.
    const moves = Math.max(extras.priority, priority) !== task.priority && takeBack()
    const change = (own: TaskExtras): void => {
      own.inherited = priority
    }
    if (moves) this.#move(task, change)
    else change(extras)
    return moves
  }

  #move(task: Task, change: (extras: TaskExtras) => void): void {
    const extras = task.extras!
    if (task.place === PARKED) {
      this.turns.remove(task)
      change(extras)
      // The turn may be free, and given to the first of those that ask.
      this.#ask(task)
      return
    }
    const queue = task.place === READY ? this.#ready : task.place === HELD ? this.#held : null
    queue?.remove(task)
    change(extras)
    queue?.push(task)
  }

  /** Others know of a task: that it waits for its turn is of interest. */
  know(task: Task): void {
    task.extras!.isKnown = true
    if (task.place === PARKED) this.turns.know(task)
  }

  /** A task has ended for certain, or is not to run for now: the next of its key may. */
  endTurn(task: Task): void {
    if (task.extras !== null && task.extras.lingersIn === 0) this.turns.leave(task)
  }

  /** As `ready`, in no particular order. */
  readyTasks(): Iterable<Task> {
    return this.#ready
  }

  /** Every task, in no particular order, those that wait for room included. */
  *[Symbol.iterator](): Generator<Task> {
    yield* this.#ready
    yield* this.#delayed
    yield* this.turns
    yield* this.#held
    yield* this.#tied
  }

  #makeReady(task: Task): void {
    this.#ask(task)
    this.#reminders.set(task, task.place === DELAYED)
  }

  #ask(task: Task): void {
    task.place = READY
    this.#ready.push(task)
  }

  #park(task: Task): void {
    task.place = PARKED
    this.turns.park(task)
  }

  #postpone(task: Task, extras: TaskExtras): void {
    extras.since = extras.notBefore
    task.place = DELAYED
    this.#delayed.add(task)
    this.#reminders.set(task, task.place === DELAYED)
  }

  /** Whether a new task has to wait for others. */
  #isTied(task: Task, extras: TaskExtras): boolean {
    extras.dependencies?.watch(() => this.#untied(task, extras))
    if (extras.dependencies?.areDone === true) extras.dependencies = null
    return extras.dependencies !== null
  }

  /** Those that a task waited for are done, or one of them has failed. */
  #untied(task: Task, extras: TaskExtras): void {
    if (extras.dependencies!.failed !== null) {
      this.#forsaken.push(task)
      return
    }
    extras.dependencies = null
    const now = this.#clock.now()
    if (task.place === DELAYED && extras.notBefore > now) {
      this.#reminders.cancel(task)
      this.#reminders.set(task, task.place === DELAYED)
      return
    }
    extras.since = now
    if (task.place === TIED) {
      this.#tied.delete(task)
      task.place = HELD
      extras.arrival = this.#observer.nextArrival()
      this.#held.push(task)
      this.#observer.becameReady()
    } else this.#queueUp(task, extras)
  }

  /** One of those that a task waited for has failed. */
  #forsake(task: Task): void {
    // Whoever was told of the end of another may have ended it.
    const failed = task.extras!.dependencies?.failed ?? null
    if (failed === null) return
    this.remove(task)
    this.#observer.dependencyFailed(task, failed)
  }

  /** What a task waited for has come: its wait begins now, behind those that came before. */
  #queueUp(task: Task, extras: TaskExtras): void {
    extras.arrival = this.#observer.nextArrival()
    this.#goOn(task)
  }

  #goOn(task: Task): void {
    this.#reminders.cancel(task)
    this.#delayed.delete(task)
    task.enter(SUBMITTED)
    this.#makeReady(task)
    this.#observer.becameReady()
  }

  /** A task has left for good. */
  #left(task: Task): void {
    if (task.place !== HELD && task.place !== TIED) this.#observer.leftQueue()
    task.place = OUTSIDE
    task.extras?.dependencies?.letGo()
    if (task.extras !== null) task.extras.dependencies = null
    this.#reminders.cancel(task)
    this.endTurn(task)
  }

  /** A task's delay is over, or a limit of its waiting, or what it is to wait for had failed before it came. */
  #remind(task: Task, extras: TaskExtras): void {
    if (extras.expires <= this.#clock.now()) {
      this.remove(task)
      this.#observer.ranOut(task)
      return
    }
    if (extras.dependencies === null) this.#queueUp(task, extras)
    else this.#forsaken.push(task)
  }
}
