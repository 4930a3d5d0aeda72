/** `multilane/task`: what a task module needs of the runtime it runs in. It loads no manager and no pool. */
export { registerError } from './bridge/error-classes.js'
export { currentTask } from './lanes/current-task.js'
export type { CurrentTask } from './lanes/task-context.js'
export type { TaskHandle } from './lanes/task-handle.js'
