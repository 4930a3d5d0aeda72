import { queueOptionsSymbol, type TaskQueue } from 'piscina'

type Task = Parameters<TaskQueue['push']>[0]

/** A queue for piscina in which tasks with the queue option `urgent` go before all others. */
export class UrgentFirstQueue implements TaskQueue {
  readonly #urgent: Task[] = []
  readonly #rest: Task[] = []

  get size(): number {
    return this.#urgent.length + this.#rest.length
  }

  shift(): Task | null {
    return this.#urgent.shift() ?? this.#rest.shift() ?? null
  }

  push(task: Task): void {
    this.#queueOf(task).push(task)
  }

  unshift(task: Task): void {
    this.#queueOf(task).unshift(task)
  }

  remove(task: Task): void {
    const queue = this.#queueOf(task)
    const index = queue.indexOf(task)
    if (index >= 0) queue.splice(index, 1)
  }

  #queueOf(task: Task): Task[] {
    const options = task[queueOptionsSymbol]
    return options !== null && 'urgent' in options ? this.#urgent : this.#rest
  }
}
