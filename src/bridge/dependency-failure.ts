import type { FailedDependency } from '../core/dependencies.js'
import { DependencyError } from '../core/errors.js'
import type { CallTarget } from '../core/task.js'
import { Failure } from './failure.js'

/** What a task ends with that was to start after one that was not done. Of the task it keeps nothing but the name. */
export function dependencyFailure({ name }: CallTarget, dependency: FailedDependency): Failure {
  const { id, name: awaited, lane, failure } = dependency
  return Failure.dueTo(failure, cause => new DependencyError(name, { id, name: awaited, lane }, cause))
}
