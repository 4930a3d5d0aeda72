/** What a scheduler tells those who listen. */

/** A task held its thread's event loop, from its start to its return or its first `await`, beyond `slowCallback`. */
export interface SlowEvent {
  readonly lane: string
  /** The name of the function. */
  readonly name: string
  /** The task's number: the `id` of its handle. */
  readonly id: number
  /** Milliseconds it held the loop. */
  readonly held: number
  /**
   * Where the task was submitted: the lines of a stack, without ours. Undefined if that is not known, which can be
   * so for a task that was submitted before anybody listened for `slow`.
   */
  readonly submittedAt: string | undefined
  /**
   * Whether `submittedAt` is of this very task. Functions that have proved fast are not looked at each time: when one
   * is slow after all, it is the last place known from which that function was submitted.
   */
  readonly isExactPlace: boolean
}

/**
 * A task holds a thread's event loop beyond `stallAfter`. Told once for each stall, while it lasts; and once more if what
 * `onStall` says could be done about it only later.
 */
export interface StallEvent {
  readonly lane: string
  /** The thread's number within the scheduler. */
  readonly thread: number
  /**
   * The task that holds the loop: its number, the `id` of its handle, and the name of its function. If several may hold it,
   * the one of them that has run longest. Undefined if no task is in progress there: then it is what a task has left behind
   * that has ended or was given up, such as a timer, and others wait for the thread.
   */
  readonly task: { readonly id: number; readonly name: string } | undefined
  /**
   * All tasks in progress that may hold the loop: `task` alone, for certain, if that one has not come to its first `await`.
   * After an `await` nothing tells whose code runs; it may even be what a task has left behind that has ended.
   */
  readonly candidates: readonly { readonly id: number; readonly name: string }[]
  /** Milliseconds so far. */
  readonly silent: number
  /**
   * What was done about it: `replace`, a fresh thread takes over what had not started on this one; `terminate`, the thread
   * was ended; `report`, nothing, since `onStall` says so, or since the lane has spent too many threads on stalls lately.
   */
  readonly action: 'report' | 'replace' | 'terminate'
  /**
   * Where the loop is: the lines of a stack, without ours. Undefined if that could not be seen: while native code holds the
   * loop, or the main thread is within native code.
   */
  readonly stack: string | undefined
}

/** A thread was lost and is being replaced. */
export interface RestartEvent {
  readonly lane: string
  /** The lost thread's number within the scheduler. */
  readonly thread: number
  /** What it was lost by. */
  readonly error: Error
  /** Milliseconds from its loss until its replacement is begun. */
  readonly after: number
  /** How many threads of the lane have been replaced, this one included. */
  readonly restarts: number
}

/** What can be listened for, with what listeners are given. */
export interface SchedulerEvents {
  /** An error that belongs to no task: a callback or a listener that threw, or a fault on a lane. */
  error: [error: unknown]
  slow: [event: SlowEvent]
  stall: [event: StallEvent]
  restart: [event: RestartEvent]
}
