import type { InlineLaneOptions, InlineOptions } from './inline-options.js'
import type { LaneOptions, SchedulerOptions } from './scheduler-options.js'
import { type TaskModule, taskModuleOfFunctions } from './task-module.js'

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
    const own = isObject(lane) ? lane.tasks : undefined
    const tasks = own === undefined ? options.tasks : own
    if (!isStubs(tasks)) {
      lanes[name] = lane as LaneOptions
      continue
    }
    given.set(name, taskModuleOfFunctions(own === undefined ? 'tasks' : `lanes.${name}.tasks`, tasks))
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
