import type { OverloadPolicy } from '../core/admission.js'
import type { Clock, Epoch } from '../core/clock.js'
import type { Reminders } from '../core/reminders.js'
import type { TaskHistory } from '../core/task-history.js'
import type { UnfinishedTasks } from '../core/unfinished.js'
import type { LocalWaits } from './local-waits.js'
import type { TaskTimings } from './loop-environment.js'

/** What a lane that its submitter's own thread keeps needs of its surroundings. */
export interface LocalSurroundings {
  readonly clock: Clock
  readonly epoch: Epoch
  readonly reminders: Reminders<() => void>
  readonly history: TaskHistory
  readonly unfinished: UnfinishedTasks
  readonly timings: TaskTimings
  /** What tasks wait for. */
  readonly waits: Pick<LocalWaits, 'begin' | 'awaitedBy' | 'dependencies'>
  microtask(call: () => void): void
  nextTurn(call: () => void): void
  /** The lane has done, for now, what there was to do. */
  worked?(): void
}

export interface LocalTerms {
  readonly name: string
  /** Tasks at a time. */
  readonly concurrency: number
  readonly queueLimit: number
  readonly overload: OverloadPolicy
  /** Milliseconds from an abort to what follows when it is ignored. */
  readonly grace: number
}
