/** As much of a lane thread as its retirement needs. */
export interface RetiringThread {
  readonly number: number
  leave(): void
}

interface Retirement {
  readonly thread: RetiringThread
  /** The senders that have not released it. */
  readonly holders: Set<number>
}

/**
 * Threads that are no longer needed and that some sender may still have tasks on. Each is told to leave once every
 * sender has released it: sends it nothing more, and has had the answer to all that it sent. A sender that is blocked
 * keeps it for as long as it is.
 */
export class Retirements {
  readonly #open = new Map<number, Retirement>()

  /** @param senders those that know the thread, all of which have been told that it is to go */
  begin(thread: RetiringThread, senders: Iterable<number>): void {
    const retirement: Retirement = { thread, holders: new Set(senders) }
    this.#open.set(thread.number, retirement)
    this.#leaveIfFree(retirement)
  }

  /** A sender has released a thread. Ignored if it does not retire, or not any more. */
  released(thread: number, sender: number): void {
    const retirement = this.#open.get(thread)
    if (retirement?.holders.delete(sender)) this.#leaveIfFree(retirement)
  }

  /** A sender is gone, and with it whatever it could still have sent. */
  senderGone(sender: number): void {
    for (const thread of [...this.#open.keys()]) this.released(thread, sender)
  }

  /** The thread is lost or has exited. */
  end(thread: number): void {
    this.#open.delete(thread)
  }

  #leaveIfFree({ thread, holders }: Retirement): void {
    if (holders.size > 0) return
    this.#open.delete(thread.number)
    thread.leave()
  }
}
