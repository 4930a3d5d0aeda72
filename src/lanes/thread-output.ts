import type { Writable } from 'node:stream'

type Taken = (error?: Error | null) => void

/**
 * What a worker thread writes to its standard output and error, on its way to the thread that made it.
 *
 * Node hands over one batch at a time, and the next when the other side has asked for more. So most of what a thread has
 * just written is still with itself, and is lost if it is ended then. What has been handed over is not: the other side
 * reads it when it sees the exit.
 */
export class ThreadOutput {
  /** For each batch that has been handed over, and after which nobody has asked for more, what has the next one leave. */
  readonly #untaken = new Set<Taken>()
  readonly #count: Int32Array | null
  #shown: { isWriting: boolean } | null = null

  /** @param count where it is counted that something is written: the memory of a `LastOutput` */
  constructor(
    count: SharedArrayBuffer | null = null,
    streams: readonly Writable[] = [process.stdout, process.stderr],
  ) {
    this.#count = count && new Int32Array(count)
    for (const stream of streams) this.#follow(stream)
  }

  /** From now on it is shown there whether anything may still be on this thread. */
  showIn(block: { isWriting: boolean }): void {
    this.#shown = block
    block.isWriting = this.#untaken.size > 0
  }

  /** Hands over all that has been written so far, without being asked for it. */
  pass(): void {
    // Those there are now: users' callbacks that are called meanwhile may write more, for ever.
    for (const taken of [...this.#untaken]) {
      try {
        taken()
      } catch (error) {
        process.nextTick(() => {
          throw error
        })
      }
    }
  }

  #follow(stream: Writable): void {
    const handOver = stream._writev
    // Then it is none of a worker's.
    if (handOver === undefined) return
    stream._writev = (chunks, next) => {
      const taken: Taken = error => {
        // Node calls it when it is asked for more, be it passed by then or not.
        if (!this.#untaken.delete(taken)) return
        if (this.#shown !== null) this.#shown.isWriting = this.#untaken.size > 0
        next(error)
      }
      this.#untaken.add(taken)
      if (this.#shown !== null) this.#shown.isWriting = true
      if (this.#count !== null) Atomics.add(this.#count, 0, 1)
      handOver.call(stream, chunks, taken)
    }
  }
}
