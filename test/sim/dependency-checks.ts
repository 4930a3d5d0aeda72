import type { Failure } from '#src/bridge/failure.js'
import { DELAYED, TIED } from '#src/core/backlog.js'
import { DependencyError } from '#src/core/errors.js'
import { DONE, FAILED } from '#src/core/task-state.js'
import { type Detectors, describe } from './detectors.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** A task begins only when all that it is to start after are done. @param started when its thread has claimed it */
export function checkOthersDone(
  entry: Entry,
  thread: SimThread,
  started: number,
  detectors: Detectors,
): void {
  for (const other of entry.after) {
    // Of one of another submitter it may hear before that one does.
    if (other.sender !== entry.sender) {
      if (!other.sender.actor.dead && other.lane.stateOf(other.task) !== DONE)
        detectors.fail('after', `it begins, and is to start after ${describe(other)}`, { entry, thread })
    } else if (other.task.state !== DONE || other.task.ended! > started)
      detectors.fail('after', `it begins, and is to start after ${describe(other)}`, { entry, thread })
  }
}

/** Nothing waits for others that have ended. */
export function checkTies({ open }: SimSender, detectors: Detectors): void {
  for (const entry of open) {
    const { task, after } = entry
    if (task.extras === null || task.extras.dependencies === null) continue
    if (task.place !== TIED && task.place !== DELAYED)
      detectors.fail('after', 'it waits for others, and for something else', { entry })
    if (after.some(other => other.sender !== entry.sender)) {
      checkForeignTie(entry, detectors)
      continue
    }
    const failed = after.find(other => other.task.dead && other.task.state !== DONE)
    // One that had failed before is told of by a reminder, which may be a millisecond late.
    if (failed !== undefined) {
      if (task.extras.timer !== null) continue
      detectors.fail('forgotten', `it waits, and ${describe(failed)} has failed`, { entry })
    }
    if (after.every(other => other.task.state === DONE))
      detectors.fail('forgotten', 'all that it waited for are done', { entry })
    const left = new Set(after.filter(other => !other.task.dead)).size
    // One that is waited for by two handles counts twice.
    if (task.waitsFor < left)
      detectors.fail('after', `it waits for ${task.waitsFor}, and ${left} are left`, { entry })
  }
}

/** Tasks that have been given another priority: that they are less urgent now is not told for those that wait for them. */
const moved = new WeakSet<Entry>()

export function noteMoved(entry: Entry): void {
  moved.add(entry)
}

/** What a more urgent task is to start after has inherited that, once all that is to be told has been. */
export function checkInherited({ open, sender }: SimSender, detectors: Detectors): void {
  if (!sender.reports.isQuiet) return
  for (const entry of open) {
    const { task, after } = entry
    if (task.waitsFor === 0) continue
    for (const other of after) {
      const { task: awaited, sender: owner } = other
      if (owner.actor.parked || owner.actor.dead) continue
      if (awaited.dead || moved.has(other)) continue
      if (awaited.priority < (task.extras?.priority ?? 0))
        detectors.fail('edges', `${describe(other)} has not inherited its priority`, { entry })
    }
  }
}

/** One that waits for tasks of other submitters, all of which have been told that those are done, has been told too. */
function checkForeignTie(entry: Entry, detectors: Detectors): void {
  const isDone = ({ sender, task }: Entry): boolean =>
    !sender.actor.dead && !sender.actor.parked && task.state === DONE
  if (entry.after.every(isDone)) detectors.fail('forgotten', 'all that it waited for are done', { entry })
}

/**
 * A task fails for another if that one was not done, and then it does not end by what it would have done itself.
 *
 * @param byItself what it may fail with by itself
 * @returns whether it failed for another
 */
export function checkForsaken(entry: Entry, byItself: string | undefined, detectors: Detectors): boolean {
  const { task, after } = entry
  const wrong = (message: string): never => detectors.fail('after', message, { entry })
  const failed = after.filter(other => other.task.state !== DONE)
  if (task.state === DONE && failed.length > 0) wrong(`it is done, and ${describe(failed[0]!)} is not`)
  if (task.state !== FAILED) return false
  const error = (task.payload as Failure).error() as Error & { readonly code?: unknown }
  if (!(error instanceof DependencyError)) {
    const name = error.code ?? error.constructor.name
    if (failed.length > 0 && name === byItself)
      wrong(`it failed with ${byItself}, though ${describe(failed[0]!)} had failed`)
    return false
  }
  const cause = failed.find(other => other.task.sequence === error.dependency.id)
  if (cause === undefined)
    wrong(`it failed for task ${error.dependency.id}, and ${failed.length} others failed`)
  const expected = (cause!.task.payload as Failure).error() as Error
  if ((error.cause as Error).constructor !== expected.constructor)
    wrong(`it failed because of ${error.cause}, and the cause is ${expected}`)
  return true
}
