import type { MessagePort } from 'node:worker_threads'
import type { LaneTerms } from '../bridge/sender-context.js'
import type { LaneSetup } from './lane-config.js'
import type { TaskDurations } from './task-timings.js'

/** The argument of the one long piscina task that gives a lane its thread. */
export interface Lease {
  readonly version: number
  /** The thread's number, by which senders know it. */
  readonly thread: number
  readonly control: MessagePort
  readonly block: SharedArrayBuffer
  /** Where it counts its own places in the queues of all lanes: the own memory of a `QueuePlaces`. */
  readonly places: SharedArrayBuffer
  readonly config: Pick<
    LaneSetup,
    | 'name'
    | 'index'
    | 'tasks'
    | 'concurrency'
    | 'queue'
    | 'mostOwed'
    | 'grace'
    | 'spin'
    | 'os'
    | 'slowCallback'
  >
  readonly epochOffset: number
  /** What the thread is to record in. */
  readonly durations: TaskDurations
}

/** What the lane's threads find in their `workerData`: the user's own, and what lets them begin before the lease. */
export interface LaneWorkerData {
  readonly multilane: {
    readonly tasks: string
    readonly lanes: readonly LaneTerms[]
    /** Where a thread notes that it is loading them: the memory of a `ModuleLoads`. */
    readonly loads: SharedArrayBuffer
    /** Where it counts that it writes to its standard output or error: the memory of a `LastOutput`. */
    readonly written: SharedArrayBuffer
  }
  readonly user: unknown
}
