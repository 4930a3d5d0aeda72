import type { EncodedError } from '../bridge/error-codec.js'

/** What a pool thread is given to run one attempt at a `SyncTask`. */
export interface SyncCall {
  /** That of the attempt's `SyncCell`. */
  readonly cell: SharedArrayBuffer
  /** The module's URL. */
  readonly module: string
  /** The name of the exported function. */
  readonly name: string
  readonly args: readonly unknown[]
  /** Past them the thread leaves it to the submitter, which may be too busy to see to them in time. */
  readonly limits: {
    /** The instant at which it must have begun. */
    readonly beginBy: number
    /** Milliseconds that it may run. */
    readonly timeout: number
    /** The instant at which it must have ended. */
    readonly endBy: number
  }
  /** What `currentTask()` tells. */
  readonly task: {
    readonly id: number
    readonly name: string
    readonly lane: string
    /** Epoch milliseconds. */
    readonly deadline: number | undefined
    readonly attempt: number
  }
}

/**
 * In place of an answer: what could be written, and not be read where it came to, since it is nested too deeply for the
 * stack of that thread. A thread that could not read its call says so with this very message.
 */
export interface Unread {
  readonly unread: 'call' | 'answer'
}

/** What comes of it; null if it was not begun, was decided against, or is past a limit. */
export type SyncAnswer = { readonly value: unknown } | { readonly error: EncodedError } | Unread | null

/** What pool threads find in their `workerData`. */
export interface SyncWorkerData {
  /** The BroadcastChannel for errors that belong to no task. */
  readonly faults: string
  /** Where a thread notes that it is loading one: the memory of a `ModuleLoads`. */
  readonly loads: SharedArrayBuffer
  /** Where it counts that it writes to its standard output or error: the memory of a `LastOutput`. */
  readonly written: SharedArrayBuffer
  /** Milliseconds that a module has to load. */
  readonly startTimeout: number
  /** The name of the threads. */
  readonly lane: string
}
