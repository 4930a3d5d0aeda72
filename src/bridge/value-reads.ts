import { DeadlockError } from '../core/errors.js'
import type { Task } from '../core/task.js'

/**
 * Whether values are being read that leave a thread, arguments or results, whose accessors may do anything. A synchronous
 * wait among that is refused: what has its slot, or its verdict, and has not left would wait for it, maybe the very one that is
 * waited for.
 */
export class ValueReads {
  #isReading = false

  /** Does what may run accessors. */
  during<T>(call: () => T): T {
    const before = this.#isReading
    this.#isReading = true
    try {
      return call()
    } finally {
      this.#isReading = before
    }
  }

  /** @throws DeadlockError if the synchronous wait that is about to begin is in an accessor */
  refuseWait({ target: { name, lane } }: Task): void {
    if (!this.#isReading) return
    const needed = `task '${name}' of lane '${lane}'`
    throw new DeadlockError(
      ['this thread', needed],
      'it is reading arguments or results that are about to leave',
    )
  }
}
