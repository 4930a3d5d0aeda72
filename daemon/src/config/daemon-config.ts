import type { LaneOptions } from 'multilane'
import type { JobDefinition } from '../jobs/job-definition.js'

/** The whole configuration, checked and complete. Durations are milliseconds, sizes bytes, paths absolute. */
export interface DaemonConfig {
  readonly listen: { readonly host: string; readonly port: number }
  /** Bearer tokens; null lets everyone in who can reach the address, which must be a loopback one then. */
  readonly tokens: { readonly read: string | null; readonly write: string | null }
  /** Host names, beside the address itself, under which requests are taken. */
  readonly hosts: readonly string[]
  /** The store's folder. */
  readonly data: string
  readonly lanes: Readonly<Record<string, LaneSettings>>
  readonly jobs: ReadonlyMap<string, JobDefinition>
  /** The names in a group may be of jobs that are not defined: a group is checked when it is triggered. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  readonly work: {
    /** The job that `POST /api` runs; null answers 503 and says what is missing. */
    readonly job: string | null
    /** Gets a line at the start and at the end of it. */
    readonly logFile: string
  }
  readonly queue: {
    /** The job that each item of a batch becomes. */
    readonly job: string | null
    /** The most items in a batch. */
    readonly batch: number
  }
  readonly limits: {
    /** The largest request body. */
    readonly body: number
    /** How deep a JSON body may be nested. */
    readonly depth: number
    /** How long a request may take to arrive. */
    readonly request: number
    /** The most connections at a time. */
    readonly connections: number
  }
  readonly retention: {
    /** How long a finished job is remembered. */
    readonly age: number
    /** The most finished jobs to remember. */
    readonly count: number
  }
  readonly shutdown: {
    /** How long running jobs have to finish after SIGTERM. */
    readonly drain: number
  }
  readonly log: { readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent' }
  /** What loads and is still likely to be a mistake, such as a group that names undefined jobs. */
  readonly warnings: readonly string[]
}

/** What may be set of a lane: the library's options that YAML can spell. */
export type LaneSettings = Pick<
  LaneOptions,
  | 'priority'
  | 'threads'
  | 'concurrency'
  | 'grace'
  | 'os'
  | 'restart'
  | 'startTimeout'
  | 'resourceLimits'
  | 'env'
>
