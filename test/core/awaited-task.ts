import type { AwaitedTask, EndListener } from '#src/core/dependencies.js'
import type { TaskFailure } from '#src/core/task-failure.js'

/** A task of somewhere else that others may wait for. */
export class Awaited implements AwaitedTask {
  readonly id: number
  readonly name = 'awaited'
  readonly lane = 'elsewhere'
  readonly listeners = new Set<EndListener>()
  failure: TaskFailure | null = null
  isOver = false

  constructor(id: number) {
    this.id = id
  }

  whenEnded(listener: EndListener): void {
    if (this.isOver) listener.ended(this, this.failure)
    else this.listeners.add(listener)
  }

  forget(listener: EndListener): void {
    this.listeners.delete(listener)
  }

  end(isDone: boolean): void {
    this.isOver = true
    if (!isDone) this.failure = { error: () => `failure of ${this.id}` }
    for (const listener of this.listeners) {
      this.listeners.delete(listener)
      listener.ended(this, this.failure)
    }
  }
}
