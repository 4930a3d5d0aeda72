import { FLOAT, INT } from '#src/bridge/shared-table.js'
import { isFinal, STARTED, TIMED_OUT } from '#src/core/task-state.js'
import type { Detectors } from './detectors.js'
import type { Entry, SimSender, TaskLimits } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** Sums of instants are not exact. */
const ROUNDING_MS = 1e-6

/** Whoever has changed a task's state just as its time ran out is looked at again in a millisecond. */
const LATEST_MS = 1 + ROUNDING_MS

/** Whether a task has a limit of time. */
export function isLimited({ waitUntil, deadline, timeout }: TaskLimits): boolean {
  return Math.min(waitUntil, deadline, timeout) !== Number.POSITIVE_INFINITY
}

/**
 * A task begins neither before its time nor after.
 *
 * @param started the instant at which its thread has claimed it
 */
export function checkBeginning(entry: Entry, thread: SimThread, started: number, detectors: Detectors): void {
  const { task, limits, claims } = entry
  const wrong = (message: string): never => detectors.fail('times', message, { entry, thread })
  if (started < task.submitted) wrong('it begins before it was submitted')
  if (started < limits.notBefore) wrong('it begins before its delay is over')
  if (claims === 1 && started >= limits.waitUntil) wrong('it begins though it has waited too long')
  if (started >= limits.deadline) wrong('it begins when its deadline is over')
  const failures = task.extras?.failures ?? 0
  if (failures > entry.failuresBefore) {
    const { delay, maxDelay } = task.extras!.retries!
    let pause = delay
    for (let failure = 1; failure < failures; failure++) pause *= 2
    if (started < entry.endedAt + Math.min(pause, maxDelay) - ROUNDING_MS)
      wrong(`it begins ${started - entry.endedAt} ms after its failure ${failures}`)
  }
  entry.failuresBefore = failures
}

/** One that has timed out has done so at a limit that it has. @param limit what it says was its limit */
export function checkTimeOut(entry: Entry, limit: string, detectors: Detectors): void {
  const { task, limits, begun } = entry
  if (!isFinal(task.state) || task.state !== TIMED_OUT) return
  const wrong = (message: string): never => detectors.fail('times', message, { entry })
  if (!isLimited(limits)) wrong('it timed out, and has no limit')
  const ended = task.ended! + ROUNDING_MS
  if (limit === 'deadline') {
    if (ended < limits.deadline) wrong('it timed out before its deadline')
  } else if (limit === 'queueTimeout') {
    if (begun.length > 0) wrong('it ran, and timed out for want of a start')
    if (ended < limits.waitUntil) wrong('it timed out before it had waited for long')
  } else {
    if (task.started === undefined || ended < task.started + limits.timeout)
      wrong('it timed out before it had run for long')
  }
}

/**
 * When nothing is left to happen until some timer is due, no task is beyond its limit, whoever is blocked: nobody else
 * would ever end some of them.
 *
 * @param threads those of the scheduler, those that have died as well
 */
export function checkOverdue(
  sender: SimSender,
  threads: readonly SimThread[],
  now: number,
  detectors: Detectors,
): void {
  for (const entry of sender.open) {
    if (!isLimited(entry.limits)) continue
    const { task } = entry
    const { table } = sender.sender.sent
    // One that has not been sent is its submitter's own to end.
    if (task.dead || (task.id === 0 && sender.actor.parked)) continue
    const state = task.id === 0 ? task.state : table.state(task.id)
    // It has ended in time, though its answer may not have left, or may be unread.
    if (isFinal(state) || (state === STARTED && table.float(task.id, FLOAT.ENDED) !== 0)) continue
    // It has ended with its thread, which may have died before it could tell of the limit, and its submitter is blocked.
    if (
      state === STARTED &&
      threads.find(({ id }) => id === table.int(task.id, INT.THREAD))?.actor.dead === true
    )
      continue
    const late = now - expiryOf(entry, state, sender)
    if (late > LATEST_MS) detectors.fail('times', `it should have timed out ${late} ms ago`, { entry })
  }
}

function expiryOf({ task, limits, claims }: Entry, state: number, { sender }: SimSender): number {
  const { waitUntil, deadline, timeout } = limits
  if (state < STARTED) return claims === 0 ? Math.min(waitUntil, deadline) : deadline
  return Math.min(sender.sent.table.float(task.id, FLOAT.STARTED) + timeout, deadline)
}
