import type { Task } from '../core/task.js'
import { SCHEDULED } from '../core/task-state.js'
import type { Lending } from './lending.js'
import { FLOAT, slotOf, TaskTable } from './shared-table.js'

/** A handle that left with a task. */
export interface Lent {
  readonly task: Task
  readonly lending: Lending
  /** The thread that gets it. */
  readonly thread: number
}

/** The tasks of one sender that have a slot in its table, and the table. */
export class SentTasks {
  readonly table: TaskTable
  readonly #bySlot: (Task | undefined)[] = []
  readonly #lent = new Map<number, readonly Lent[]>()

  /** @param onSegment called when the table has grown */
  constructor(onSegment: (index: number, buffer: SharedArrayBuffer) => void) {
    this.table = new TaskTable(onSegment)
  }

  /** Takes a slot for a task that is about to be sent; returns its id. */
  assign(task: Task): number {
    const id = this.table.take()
    this.#bySlot[slotOf(id)] = task
    return id
  }

  /** The task in the slot of an id that is known to be good. */
  at(id: number): Task | undefined {
    return this.#bySlot[slotOf(id)]
  }

  /** The task an id belongs to; undefined for one that is none of ours, or not any more. */
  find(id: unknown): Task | undefined {
    return this.table.holds(id) && this.table.state(id) >= 0 ? this.#bySlot[slotOf(id)] : undefined
  }

  /** Notes which handles leave with the task in a slot. */
  lend(id: number, handles: readonly Lent[]): void {
    this.#lent.set(id, handles)
  }

  /**
   * Gives a slot back once nobody can mean its task by it any more.
   *
   * @param hasLeft whether its task was posted
   */
  release(id: number, hasLeft = true): void {
    if (this.#lent.size > 0) this.#takeBack(id, hasLeft)
    this.#bySlot[slotOf(id)] = undefined
    this.table.free(id)
  }

  /** The sender leaves, with all its tasks ended: what has not started will not, and no answer is waited for any more. */
  forsake(): void {
    for (const id of [...this.#lent.keys()]) this.#takeBack(id, true)
  }

  /** The handles of a task that has started are its thread's to give back. */
  #takeBack(id: number, hasLeft: boolean): void {
    const handles = this.#lent.get(id)
    if (handles === undefined) return
    this.#lent.delete(id)
    if (this.table.float(id, FLOAT.STARTED) !== 0) return
    for (const { lending, task, thread } of handles) {
      if (hasLeft) lending.unread(task, thread)
      else lending.takeBack(task, thread)
    }
  }

  /** The slots that a lane's tasks have, also those of tasks that were settled or taken back and await their answer. */
  of(lane: string): { readonly id: number; readonly task: Task }[] {
    const found: { id: number; task: Task }[] = []
    this.#bySlot.forEach((task, slot) => {
      if (task !== undefined && task.target.lane === lane) found.push({ id: this.table.idAt(slot), task })
    })
    return found
  }

  /** A lane's tasks that are sent and have not started. */
  unstarted(lane: string): Task[] {
    return this.#bySlot.filter(
      (task, slot): task is Task =>
        task !== undefined &&
        task.id !== 0 &&
        slotOf(task.id) === slot &&
        task.target.lane === lane &&
        this.table.state(task.id) === SCHEDULED,
    )
  }
}
