import { writeSync } from 'node:fs'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { type Port, ThreadPort } from '../bridge/port.js'
import type { Clock } from '../core/clock.js'
import type { Timers } from '../core/reminders.js'
import type { LanePool } from './lane-pool.js'
import { LoopStacks } from './loop-stacks.js'
import { monotonicClock, nodeTimers } from './monotonic-clock.js'

/** As much of a lane's pool as those need who lease its threads. */
export type ThreadSource = Pick<LanePool, 'onError' | 'lease' | 'worker' | 'replaceNoMore' | 'destroy'>

/**
 * What the supervisor and all it keeps find around them. A value, so that a simulated run has the supervisor itself in
 * it: its restarts, its retirements and the limits it keeps.
 */
export interface Surroundings {
  readonly clock: Clock
  readonly timers: Timers
  /** Two ends of a new channel, either of which can be posted to another thread. */
  channel(): { readonly port1: MessagePort; readonly port2: MessagePort }
  /** A port of an end that stays on this thread. */
  open(end: MessagePort): Port
  /** The stack of a worker's loop, by its `threadId`, where it can be had. Never rejects. */
  stackOf(threadId: number): Promise<string | undefined>
  /** Says what nobody is there to be told of. */
  write(text: string): void
}

const stacks = new LoopStacks(nodeTimers)

/** Those of a real thread. */
export const threadSurroundings: Surroundings = {
  clock: monotonicClock,
  timers: nodeTimers,
  channel: () => new MessageChannel(),
  open: end => new ThreadPort(end),
  stackOf: threadId => stacks.of(threadId),
  // Straight to standard error: through a stream it would need the very thread that is blocked.
  write: text => {
    try {
      writeSync(2, text)
    } catch {
      // Nobody can read it: the pipe is full or closed.
    }
  },
}
