/** Why a task has no value. */
export interface TaskFailure {
  error(): unknown
}
