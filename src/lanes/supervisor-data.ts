import type { MessagePort } from 'node:worker_threads'
import type { SupervisorConfig } from './lane-config.js'
import type { SupervisorStats } from './supervisor-stats.js'

/** What the supervisor's thread is started with. */
export interface SupervisorData {
  readonly config: SupervisorConfig
  /** The URL of the file that lane threads are started with. */
  readonly laneEntry: string
  readonly control: MessagePort
  readonly notices: MessagePort
  /** Where lane threads count that they write: the memory of a `LastOutput`. */
  readonly written: SharedArrayBuffer
}

/** What the owner of a scheduler can ask its supervisor. */
export type SupervisorControl = {
  /** Resolves when all lanes are ready. */
  readonly started: () => Promise<void>
  readonly stats: () => SupervisorStats
  /** Ends all lanes, within so many milliseconds. */
  readonly close: (within: number) => Promise<void>
  /** Hands on what lane threads have written, within so many milliseconds. */
  readonly passOutput: (within: number) => Promise<void>
}
