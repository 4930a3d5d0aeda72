import type { UntypedTasks } from './call-types.js'
import type { LaneOptions } from './scheduler-options.js'

/** Functions in place of a task module's, all or some of them: what a test wants to be run. */
export type TaskStubs<M> = UntypedTasks extends M
  ? Readonly<Record<string, unknown>>
  : { readonly [K in keyof M]?: M[K] }

/** `M`, which is never guessed from what is given for it: a URL has functions too. */
type Stated<M> = [M][M extends unknown ? 0 : never]

/**
 * The options of a lane of `SchedulerThread.inline`. `threads`, `spin`, `os`, `env`, `execArgv`, `resourceLimits`,
 * `stallAfter`, `onStall` and `restart` are checked and have no effect: there is no thread that they could be applied to.
 */
export interface InlineLaneOptions<M> extends Omit<LaneOptions, 'tasks'> {
  /** The lane's own tasks, in place of the scheduler's. */
  readonly tasks?: URL | string | TaskStubs<Stated<M>>
}

/** The options of `SchedulerThread.inline`. */
export interface InlineOptions<M, L extends string = string> {
  /** The task module: a URL, an absolute path, or an object of functions. */
  readonly tasks?: URL | string | TaskStubs<Stated<M>>
  /** The lanes, by name. */
  readonly lanes: Readonly<Record<L, InlineLaneOptions<M>>>
}
