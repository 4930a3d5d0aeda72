import type { Clock } from '../core/clock.js'
import type { Reminders, Timers } from '../core/reminders.js'
import type { Port } from './port.js'
import type { SenderToSupervisor } from './protocol/sender-to-supervisor.js'
import type { SentTasks } from './sent-tasks.js'

/** What a sender needs of the thread it is on. */
export interface SenderEnvironment {
  readonly clock: Clock
  readonly timers: Timers
  /** Calls back at the end of the present turn. */
  defer(call: () => void): void
  /** Makes a port of what came in a message. */
  openPort(port: unknown): Port
  /** Whether the sender has unfinished tasks, for which the thread is to stay alive. */
  busy(held: boolean): void
  /** An error that belongs to no task: a throwing callback, a fault on a lane. */
  report(error: unknown): void
}

/** What the lanes of one sender have in common. */
export interface SenderContext {
  readonly environment: SenderEnvironment
  readonly sent: SentTasks
  /** For tasks that are not sent: their delay, their limits. And for waits. */
  readonly reminders: Reminders<() => void>
  /** Counts a task as unfinished. */
  began(): void
  /** Counts a task as finished. */
  ended(): void
  /** Counts a message that made no sense. */
  stray(): void
  tell(message: SenderToSupervisor): void
  /** Sees to it that the supervisor looks at the table when a sent task's limit runs out. */
  announceExpiry(at: number): void
}

/** What a sender must know of a lane. */
export interface LaneTerms {
  readonly name: string
  /** Tasks at a time on one thread's loop. */
  readonly concurrency: number
  /** The most tasks that may wait. */
  readonly queueLimit: number
  /** How many threads it has. */
  readonly threads: { readonly min: number; readonly max: number }
}
