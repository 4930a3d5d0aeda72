import type { Job } from '../bridge/job.js'

/** The senders that have gone, each for as long as tasks of it run on this thread. */
export class GoneSenders {
  readonly #started: Iterable<Job>
  readonly #over: (sender: number) => void
  readonly #numbers = new Set<number>()

  /**
   * @param started the tasks that have started and not ended
   * @param over is told of each once none of its tasks runs any more
   */
  constructor(started: Iterable<Job>, over: (sender: number) => void) {
    this.#started = started
    this.#over = over
  }

  /** A sender has gone. To be called between two tasks. */
  add(sender: number): void {
    this.#numbers.add(sender)
    this.look()
  }

  /** Tasks may have ended. */
  look(): void {
    if (this.#numbers.size === 0) return
    const running = new Set<number>()
    for (const { source } of this.#started) running.add(source.sender)
    for (const sender of this.#numbers) {
      if (running.has(sender)) continue
      this.#numbers.delete(sender)
      this.#over(sender)
    }
  }
}
