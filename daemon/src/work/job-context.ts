/** What a job's function is given beside its input, on the lane thread that runs it. */
export interface JobContext {
  /** The UUID under which the job was accepted. */
  readonly id: string
  /** The job's name in the configuration. */
  readonly name: string
  /** 1 for the first start, and one more with each retry and each restart after a crash. */
  readonly attempt: number
  /**
   * Aborts when the job is cancelled, its time is over or the daemon shuts down. It fires when the function lets the
   * loop turn; a synchronous loop asks `currentTask().cancelled` of `multilane/task` instead.
   */
  readonly signal: AbortSignal
  /** Adds a line to the job's output, of which the end is kept. */
  log(line: string): void
}

/**
 * A function that a `task:` of the configuration can name. A job may be started again after a crash: it must be fit
 * to run twice.
 *
 * @param input the JSON value the job was submitted with; undefined if there was none
 * @returns a value that JSON can hold; it is kept as the job's result
 */
export type JobFunction = (input: unknown, context: JobContext) => unknown
