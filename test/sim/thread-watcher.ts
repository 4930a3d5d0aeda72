import type { Job } from '#src/bridge/job.js'
import type { SimPort } from './sim-port.js'
import type { SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** Who watches what threads do. */
export interface ThreadWatcher {
  /** A task's code begins. */
  /** @param started the instant at which it was claimed */
  began(thread: SimThread, sender: number, sequence: number, started: number): void
  /** A task's code has ended, or has been given up. */
  ended(thread: SimThread, sender: number, sequence: number): void
  /** A task ignored its abort for its grace. */
  abandoned(thread: SimThread): void
  /** Its end of a connection to a sender. */
  connected(thread: SimThread, sender: number, port: SimPort): void
  died(thread: SimThread): void
  /** A task on it is about to submit tasks. */
  sends(thread: SimThread, sender: SimSender): void
  /** A task there awaits others, or goes on. */
  waits(thread: SimThread, job: Job): void
  /** A task is told that it would wait for ever. */
  refused(thread: SimThread, job: Job, error: Error): void
  /** It has run its teardown. */
  left(thread: SimThread): void
}
