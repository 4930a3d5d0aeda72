import type { Readable } from 'node:stream'
import { monotonicClock } from './monotonic-clock.js'
import { nextTurn } from './own-context.js'
import { ThreadOutput } from './thread-output.js'

/**
 * What the threads write that this thread has made, on its way through this one to the thread that made this. Node pipes it
 * through the own standard output and error.
 */
export class ForwardedOutput {
  readonly #own = new ThreadOutput()
  /** The output and error of each thread that may still write, or of which something is left. */
  readonly #sources = new Set<Readable>()

  /** To be made before the first of those threads. */
  constructor() {
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('pipe', source => this.#sources.add(source))
      stream.on('unpipe', source => this.#sources.delete(source))
    }
  }

  /** Resolves when all has been handed on that was ever written by threads, which must have exited. */
  async end(): Promise<void> {
    while (this.#sources.size > 0) await this.#turn()
    this.#own.pass()
  }

  /**
   * Hands on what threads have handed over by now.
   *
   * @param until the instant at which it gives up: a thread may go on writing
   */
  async pass(until: number): Promise<void> {
    // What lies in a port already is read in this turn of the loop or in the next.
    await this.#turn()
    do await this.#turn()
    while (this.#isOnItsWay && monotonicClock.now() < until)
    this.#own.pass()
  }

  get #isOnItsWay(): boolean {
    for (const { readableLength } of this.#sources) if (readableLength > 0) return true
    return false
  }

  /** What has been written here makes room for more, which is piped before the turn ends. */
  #turn(): Promise<void> {
    this.#own.pass()
    return new Promise(nextTurn)
  }
}
