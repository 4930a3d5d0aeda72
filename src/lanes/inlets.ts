import type { TaskInlet } from '../bridge/task-inlet.js'

/** A lane thread's connections to those that submit tasks to it, by their numbers. */
export class Inlets extends Map<number, TaskInlet> {
  /**
   * A sender is connected. It may have been before, if the thread was to go and stays: that it has closed that connection may
   * be seen only later.
   */
  connect(sender: number, inlet: TaskInlet): void {
    const before = this.get(sender)
    if (before !== undefined) this.closed(sender, before)
    this.set(sender, inlet)
  }

  /** A connection has closed. */
  closed(sender: number, inlet: TaskInlet): void {
    if (this.get(sender) !== inlet) return
    this.delete(sender)
    inlet.closed()
  }
}
