interface Retirement {
  /** The senders that have not released it. */
  readonly holders: Set<number>
  readonly released: () => void
}

/**
 * Threads that are no longer needed and that some sender may still have tasks on. Each is free to leave once every
 * sender has released it: sends it nothing more, and has had the answer to all that it sent. A sender that is blocked
 * keeps it for as long as it is.
 */
export class Retirements {
  readonly #open = new Map<number, Retirement>()

  /**
   * @param senders those that know the thread, all of which have been told that it is to go
   * @param released called once all of them have released it
   */
  begin(thread: number, senders: Iterable<number>, released: () => void): void {
    const retirement: Retirement = { holders: new Set(senders), released }
    this.#open.set(thread, retirement)
    this.#endIfFree(thread, retirement)
  }

  /** A sender has released a thread. Ignored if it does not retire, or not any more. */
  released(thread: number, sender: number): void {
    const retirement = this.#open.get(thread)
    if (retirement?.holders.delete(sender)) this.#endIfFree(thread, retirement)
  }

  /** A sender is gone, and with it whatever it could still have sent. */
  senderGone(sender: number): void {
    for (const thread of [...this.#open.keys()]) this.released(thread, sender)
  }

  /** The thread is lost or has exited. */
  end(thread: number): void {
    this.#open.delete(thread)
  }

  #endIfFree(thread: number, { holders, released }: Retirement): void {
    if (holders.size > 0) return
    this.#open.delete(thread)
    released()
  }
}
