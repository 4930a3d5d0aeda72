import type { Failure } from '#src/bridge/failure.js'
import { MultilaneError, type TaskTimeoutError } from '#src/core/errors.js'
import type { Task } from '#src/core/task.js'
import { CANCELED, DONE, FAILED, TASK_STATES, TIMED_OUT } from '#src/core/task-state.js'
import { checkForsaken } from './dependency-checks.js'
import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import { checkCounts } from './sight-checks.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { Entry, SimSender } from './sim-sender.js'
import { answerIn } from './sim-tasks.js'
import { checkTimeOut, isLimited } from './time-checks.js'

/** How tasks of a kind fail by themselves. */
export const FAILURES: Readonly<Record<string, string>> = {
  throws: 'TypeError',
  blamed: 'TypeError',
  uncloneable: 'ERR_RESULT_NOT_CLONEABLE',
  uncloneableArgument: 'ERR_NOT_CLONEABLE',
  fickle: 'ERR_RESULT_NOT_CLONEABLE',
  fickleArgument: 'ERR_NOT_CLONEABLE',
  unknown: 'ERR_TASK_UNKNOWN',
}

/** What a task may fail with that its thread or its lane befell. */
export const MISFORTUNES: ReadonlySet<string> = new Set([
  'ERR_LANE_EXITED',
  'ERR_LANE_OOM',
  'ERR_LANE_TERMINATED',
  'ERR_LANE_CLOSED',
  'ERR_LANE_FAILED',
  'ERR_LANE_START_TIMEOUT',
  'ERR_TASK_LOAD',
])

/** What befell a run as a whole. */
export interface Fortunes {
  /** Whether any thread died that was not told to go. */
  readonly deaths: boolean
  /** Whether the scheduler was closed while tasks were there, or never started. */
  readonly cutShort: boolean
  /** When its close began. */
  readonly closedAt: number
}

/** What must hold of each task when all have ended. */
export function checkOutcomes(
  scheduler: SimScheduler,
  detectors: Detectors,
  races: Races,
  fortunes: Fortunes,
): void {
  const check = (entry: Entry): void => {
    races.note(TASK_STATES[entry.task.state]!)
    const { overload } = scheduler.configOf(entry.task.target.lane)
    checkOutcome(entry, detectors, races, fortunes, overload)
  }
  for (const sender of scheduler.ownedSenders) {
    checkCounts(sender, detectors)
    for (const entry of sender.entries) check(entry)
  }
  for (const sender of scheduler.threadSenders) {
    for (const entry of sender.entries) {
      // Its end may have come in the middle of its being told.
      if (entry.settled > 0) check(entry)
      else races.note('orphan')
    }
  }
}

function checkOutcome(
  entry: Entry,
  detectors: Detectors,
  races: Races,
  { deaths, cutShort, closedAt }: Fortunes,
  overload: string,
): void {
  const { task, kind } = entry
  const wrong = (message: string): never => detectors.fail('outcome', message, { entry })
  if (!task.dead) detectors.fail('hung', 'it was lost', { entry })
  if (entry.settled !== 1) detectors.fail('settled-once', `it settled ${entry.settled} times`, { entry })
  if (entry.isObserved && !entry.log.includes('final') && !entry.sender.actor.dead)
    detectors.fail('callback-order', 'nobody was told that it ended', { entry })
  const failures = task.extras?.failures ?? 0
  const code = task.state === DONE ? '' : codeOf(task)
  if (code === 'ERR_DROPPED')
    races.hit(overload === 'drop-expired' ? 'dropped as hopeless' : 'dropped as the oldest')
  if (code === 'ERR_DROPPED' && entry.claims >= task.attempt) wrong('it was dropped, and had started')
  if (kind === 'blamed' && code === FAILURES[kind]) races.hit('blamed')
  if (code === 'ERR_TRANSFER_LOST') races.hit('handed over and lost')
  const wasCancelled = entry.cancelled || code === 'ERR_DROPPED'
  if (wasCancelled && task.state !== CANCELED) wrong('it was cancelled')
  // In the end it is closed in any case, while tasks that were given up may still submit others.
  const wasClosed = cutShort || (entry.parent !== null && task.ended! >= closedAt)
  // Who died as it had cancelled it did not come to note that.
  const isExplained = wasCancelled || entry.isCancelAsked || wasClosed || entry.sender.actor.dead
  if (task.state === CANCELED && !isExplained) wrong('nobody cancelled it')
  if (task.state === TIMED_OUT)
    checkTimeOut(entry, ((task.payload as Failure).error() as TaskTimeoutError).limit, detectors)
  if (task.state === DONE && answerIn(task.payload) !== task.sequence) wrong(`it returned ${task.payload}`)
  if (task.state === DONE && entry.begun.length === 0) wrong('its code never ran')
  const wasForsaken = checkForsaken(entry, FAILURES[kind], detectors)
  if (wasForsaken) races.hit('failed for one that it waited for')
  if (task.state !== FAILED) return
  const explained =
    wasForsaken ||
    code === FAILURES[kind] ||
    // It was in what could not be read.
    (entry.isAnswerLost && code === 'ERR_RESULT_NOT_CLONEABLE') ||
    (entry.unread > 0 && code === 'ERR_NOT_CLONEABLE') ||
    ((deaths || cutShort) && MISFORTUNES.has(code)) ||
    // A close ends threads as well, before a sender may have heard of it.
    ((deaths || cutShort) && entry.transferring && code === 'ERR_TRANSFER_LOST')
  if (!explained) wrong(`it failed with ${code}`)
  if (
    kind === 'throws' &&
    code === FAILURES[kind] &&
    !deaths &&
    !cutShort &&
    !isLimited(entry.limits) &&
    failures < entry.retries
  )
    wrong(`it was given up after ${failures} retries`)
}

/** Nobody has posted anything that made no sense: to a thread, or to the supervisor. */
export function checkStrays({ generations, allThreads }: SimScheduler, detectors: Detectors): void {
  for (const { supervisor } of generations)
    if (supervisor.strays > 0)
      detectors.fail('strays', `${supervisor.strays} messages to the supervisor made no sense`)
  for (const thread of allThreads) {
    const strays = thread.loop?.block.strays ?? 0
    if (strays > 0) detectors.fail('strays', `${strays} messages to it made no sense`, { thread })
  }
}

/** What must hold of the senders when all tasks have ended and nothing is under way. */
export function checkRest(sender: SimSender, detectors: Detectors): void {
  const { table } = sender.sender.sent
  const { strays } = sender.sender
  if (strays > 0) detectors.fail('strays', `${strays} messages of ${sender.actor.name} made no sense`)
  if (sender.reported.length > 0) detectors.fail('strays', `it was told of ${sender.reported[0]}`)
  // What threads have handles of is shown in a slot of its own.
  const inUse = table.inUse - sender.sender.exports.size
  if (inUse > 0) detectors.fail('slots', `${inUse} slots of ${sender.actor.name} are left over`)
  for (const [port, link] of sender.links) {
    if (port.isClosedHere) continue
    if (link.outstanding !== 0 || link.takenBack !== 0)
      detectors.fail('credits', `${link.outstanding} credits of thread ${link.thread} are left over`)
  }
}

export function codeOf(task: Task): string {
  const error = (task.payload as Failure).error()
  if (error instanceof MultilaneError) return error.code
  return error instanceof TypeError ? 'TypeError' : String(error)
}
