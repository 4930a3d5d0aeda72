import type { Job } from '../bridge/job.js'

/** The jobs of a loop that wait for others, and need no place meanwhile; each with what ends its waits. */
export class WaitingJobs {
  readonly #open = new Map<Job, Set<() => void>>()

  get size(): number {
    return this.#open.size
  }

  has(job: Job): boolean {
    return this.#open.has(job)
  }

  /**
   * @param end called once, when the wait is over
   * @returns to be called when it is, however often
   */
  begin(job: Job, end: () => void): () => void {
    const waits = this.#open.get(job) ?? new Set()
    this.#open.set(job, waits)
    const over = (): void => {
      if (!waits.delete(over)) return
      end()
      if (waits.size === 0) this.#open.delete(job)
    }
    waits.add(over)
    return over
  }

  /** It waits for nothing any more. */
  endAll(job: Job): void {
    if (this.#open.size === 0) return
    for (const over of this.#open.get(job) ?? []) over()
  }
}
