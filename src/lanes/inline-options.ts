import type { UntypedTasks } from './call-types.js'
import type { LaneOptions, SchedulerOptions } from './scheduler-options.js'
import { type TaskModule, taskModuleOf } from './task-module.js'

/** Functions in place of a task module's, all or some of them: what a test wants to be run. */
export type TaskStubs<M> = UntypedTasks extends M
  ? Readonly<Record<string, unknown>>
  : { readonly [K in keyof M]?: M[K] }

/** `M`, which is never guessed from what is given for it: a URL has functions too. */
type Stated<M> = [M][M extends unknown ? 0 : never]

/**
 * The options of a lane of `SchedulerThread.inline`. `threads`, `spin`, `os`, `env`, `execArgv`, `resourceLimits` and
 * `restart` are checked and have no effect: there is no thread that they could be applied to.
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

/** The options of an inline scheduler, with what only it can be given taken out. */
export interface InlinePlan<L extends string> {
  readonly options: SchedulerOptions<L>
  /** By lane: the functions it was given, if it was given functions. */
  readonly given: ReadonlyMap<string, TaskModule>
}

/** A task module without tasks: what a lane is configured with that was given functions. */
const NO_TASKS = 'data:text/javascript,'

/** Takes objects of functions out of the options; all else is left to be checked with the others. */
export function planInline<M, L extends string>(options: InlineOptions<M, L>): InlinePlan<L> {
  const given = new Map<string, TaskModule>()
  // What is not even of this shape is refused where all options are.
  if (!isObject(options) || !isObject(options.lanes)) return { options: options as never, given }
  const lanes: Record<string, LaneOptions> = {}
  for (const [name, lane] of Object.entries<InlineLaneOptions<M>>(options.lanes)) {
    const tasks = (isObject(lane) ? lane.tasks : undefined) ?? options.tasks
    if (!isStubs(tasks)) {
      lanes[name] = lane as LaneOptions
      continue
    }
    given.set(name, taskModuleOf(tasks))
    lanes[name] = isObject(lane) ? { ...lane, tasks: NO_TASKS } : lane
  }
  const tasks = isStubs(options.tasks) ? NO_TASKS : options.tasks
  return { options: { ...options, ...(tasks === undefined ? {} : { tasks }), lanes } as never, given }
}

function isStubs(tasks: unknown): tasks is Readonly<Record<string, unknown>> {
  return isObject(tasks) && !(tasks instanceof URL)
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
