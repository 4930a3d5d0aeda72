/** What may be run, as the configuration names it. Durations are milliseconds. */

export interface TaskWork {
  readonly kind: 'task'
  /** The href of a module below the configuration's folder, fixed when the configuration is loaded. */
  readonly module: string
  /** The name of the function it exports. */
  readonly exported: string
}

export interface ShellWork {
  readonly kind: 'shell'
  /** Run as `/bin/sh -c <command>`. It comes from the configuration alone, never from a request. */
  readonly command: string
  /** An absolute path. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

export interface RetryPolicy {
  /** How often a failed or timed-out job is tried again; 0 means never. */
  readonly limit: number
  /** Before the first retry. */
  readonly delay: number
  /** By what the delay grows from retry to retry. */
  readonly factor: number
  readonly maxDelay: number
}

export interface JobDefinition {
  readonly name: string
  readonly lane: string
  readonly priority: number
  readonly work: TaskWork | ShellWork
  /** The longest an attempt may run; null for ever. */
  readonly timeout: number | null
  readonly retries: RetryPolicy
  /** How often a job is started again after the death of its thread or of the daemon cut it off. */
  readonly interruptions: number
  /** How long it is expected to take while nothing is known of its past. */
  readonly expected: number
  /**
   * The field of its input that says how long it takes in relation to its like, a number; null where all are alike. A
   * job that waits `valor` seconds has `cost: valor`, and its estimate is the usual duration of one unit times valor.
   */
  readonly cost: string | null
  /** JSON Schema (draft 7) of its input; null takes any. */
  readonly input: Readonly<Record<string, unknown>> | null
}
