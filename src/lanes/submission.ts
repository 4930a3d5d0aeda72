import { Failure } from '../bridge/failure.js'
import type { Admittance } from '../core/admission.js'
import type { Epoch } from '../core/clock.js'
import type { Task } from '../core/task.js'
import { NEW } from '../core/task-state.js'
import { SignalGroup, type Undisturbed } from './signal-group.js'
import { TaskHandle } from './task-handle.js'
import { type HookSurroundings, TaskHooks } from './task-hooks.js'
import type { TaskKeeper } from './task-keeper.js'
import type { ReadOptions } from './task-options.js'

/** Takes the outcome of a task: a value, or a promise that rejects. */
export type Resolve = (outcome: unknown, task: Task) => void

let takenResolve: Resolve | null = null

/**
 * The executor of every promise of `run`: what it is given is had by `resolveTaken` right after. Shared, so that a call
 * makes no closure of its own, which on the hot path is one part in fifteen.
 */
export function takeResolve(resolve: Resolve): void {
  takenResolve = resolve
}

/** What resolves the promise that was made last with `takeResolve`. */
export function resolveTaken(): Resolve {
  const resolve = takenResolve!
  takenResolve = null
  return resolve
}

/** Whom tasks are submitted to. */
export interface Submittee extends TaskKeeper {
  /** @param how what was answered when it was asked for room just before */
  submit(task: Task, how: Admittance): void
}

/** What users are told by of the tasks of a scheduler. */
export interface SubmissionSurroundings extends HookSurroundings, Undisturbed {
  /** Submits a task in the place of others, before users are told of that. */
  inPlace(submit: () => void): void
}

/** What whoever submits a task is given of it, and its callbacks are. */
export function handleOf<R>(task: Task, lane: Submittee, epoch: Epoch): TaskHandle<R> {
  const { extras } = task
  if (extras === null) return new TaskHandle<R>(task, lane, epoch)
  extras.handle ??= new TaskHandle<R>(task, lane, epoch)
  return extras.handle as TaskHandle<R>
}

/** Submits a task with its callbacks, and ties it to its AbortSignal. */
export function submitWithOptions(
  task: Task,
  { extras, signal, callbacks }: ReadOptions,
  how: Admittance,
  lane: Submittee,
  epoch: Epoch,
  surroundings: SubmissionSurroundings,
): void {
  if (signal === undefined && callbacks === null) {
    lane.submit(task, how)
    return
  }
  const group = signal === undefined ? null : SignalGroup.of(signal)
  const hooks = new TaskHooks(handleOf<never>(task, lane, epoch), callbacks, group, surroundings)
  extras.observer = hooks
  extras.reportStart = callbacks?.onStart !== undefined
  lane.submit(task, how)
  if (task.state !== NEW) hooks.accepted()
  if (!task.dead) group?.add(task, reason => lane.cancel(task, Failure.of(reason), reason), surroundings)
}

/** Submits a task for which others are to be dropped: when these are told, it has the room that they made. */
export function submitInPlace(
  task: Task,
  read: ReadOptions | null,
  lane: Submittee,
  epoch: Epoch,
  surroundings: SubmissionSurroundings,
): void {
  surroundings.inPlace(() => {
    if (read === null) lane.submit(task, 'drop')
    else submitWithOptions(task, read, 'drop', lane, epoch, surroundings)
  })
}
