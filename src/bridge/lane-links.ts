import type { LaneLink } from './lane-link.js'
import type { SenderToLane } from './protocol/sender-to-lane.js'

/** A sender's connections to the threads of one lane, by the threads' numbers. */
export class LaneLinks extends Map<number, LaneLink> {
  /** Tells all threads. */
  tellAll(message: SenderToLane): void {
    for (const link of this.values()) link.send(message)
  }

  /** Tells one thread. @returns false if it is not connected */
  tell(thread: number, message: SenderToLane): boolean {
    const link = this.get(thread)
    link?.send(message)
    return link !== undefined
  }

  /** Whether a thread is connected, and not to go. */
  stays(thread: number): boolean {
    return this.get(thread)?.leaving === false
  }
}
