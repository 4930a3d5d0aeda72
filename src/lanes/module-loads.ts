import { monotonicClock } from './monotonic-clock.js'

/**
 * The most that a thread's end waits for a module to be loaded, in milliseconds: several times what that takes on a busy
 * machine, and less than a replacement has. A module may wait at its top for ever, which cannot be told from a file that
 * is read slowly.
 */
const PATIENCE_MS = 500
/** So often it is looked whether the module has been loaded. */
const LOOK_MS = 2

/**
 * Which threads of a pool are loading a module just now, in memory that they share with the thread that ends them.
 *
 * Node reads modules asynchronously: version 20 always does, later ones where a program has loader hooks on a thread of
 * their own. A file that a thread is opening when it is ended is closed by nobody for as long as the process lives. So
 * whoever ends a thread waits until it has loaded, for a bounded time.
 */
export class ModuleLoads {
  readonly buffer: SharedArrayBuffer
  /** The ids of the threads that are loading, and zeros. */
  readonly #places: Int32Array

  /** @param of the buffer of those of another thread, or how many threads can be loading at a time */
  constructor(of: SharedArrayBuffer | number) {
    this.buffer = typeof of === 'number' ? new SharedArrayBuffer(4 * of) : of
    this.#places = new Int32Array(this.buffer)
  }

  /** To be called in the turn in which the thread begins to load. If there is no place left, nobody waits for it. */
  note(thread: number, loading: Promise<unknown>): void {
    const place = this.#places.findIndex(
      (_, at) => Atomics.compareExchange(this.#places, at, 0, thread) === 0,
    )
    if (place === -1) return
    const over = (): void => {
      Atomics.store(this.#places, place, 0)
    }
    loading.then(over, over)
  }

  /** The thread has exited, whatever it was doing. */
  forget(thread: number): void {
    this.#places.forEach((_, at) => void Atomics.compareExchange(this.#places, at, thread, 0))
  }

  /**
   * Calls back when threads are not loading, at once if they are not, and in any case after a while.
   *
   * @param threads asked at each look for the ids of those that matter
   */
  whenOver(threads: () => readonly number[], call: () => void): void {
    const until = monotonicClock.now() + PATIENCE_MS
    const look = (): void => {
      const isOver = !threads().some(thread => this.#places.includes(thread))
      if (isOver || monotonicClock.now() >= until) call()
      // It holds the process: what ends a pool is awaited, and may be all that is left to do.
      else setTimeout(look, LOOK_MS)
    }
    look()
  }
}
