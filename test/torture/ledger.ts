import type { TaskState } from 'multilane'
import type { Act, Deed } from './board.js'
import {
  entryOf,
  isCutOff,
  isEnding,
  isGivenUp,
  isHeldForAWhile,
  isOrphan,
  isStopped,
  laneOfTask,
  reaches,
  showsDeath,
} from './deaths.js'
import type { Wait } from './nested-entries.js'
import { complaintsOfWaits } from './nested-ledger.js'

/** What a wait for a task may come to when the thread that had submitted it has died. */
export const GONE = ['ERR_LANE_CLOSED', 'ERR_RESULT_GONE']
/** The reason of a signal that is no error: that has no name where the task was submitted, and comes wrapped elsewhere. */
export const NO_ERROR = 'undefined'

/** A task as it was submitted. */
export interface Entry {
  readonly task: number
  readonly lane: string
  readonly name: string
  /** How often it is run again if it fails by itself. */
  readonly retries: number
  readonly idempotent: boolean
  readonly transfers: boolean
  /** Whether it has a limit of time. */
  readonly limited: boolean
  /** Whether its signal may have aborted. */
  readonly signalled: boolean
  /** Those of its lane that have the same run one after another, if one thread has submitted them. */
  readonly key: string | null
  /** After which tasks it was to start. */
  readonly after: readonly number[]
  /** Of one that a task has submitted: which, the thread that it was on, and when. */
  readonly nested?: { readonly parent: number; readonly thread: number; readonly at: number }
  /** What it was told, in order. */
  readonly callbacks: string[]
  /** The code that it was refused with, if it was. */
  refusal: string | undefined
  /** How many calls of `cancel` said that they decided. */
  cancels: number
  /** Whether its submitter called `cancel` and has not lived to say what that came to. */
  isCancelling: boolean
  /** What it ended with; undefined while it has not. */
  end: Ending | undefined
  /** How often it has ended. */
  ends: number
}

export interface Ending {
  readonly state: TaskState
  /** The code of its error, or the error's name if it has none. */
  readonly code: string | undefined
  readonly value: unknown
  readonly at: number
  readonly started: boolean
  /** Who is named as having held the loop. */
  readonly holders?: readonly string[]
  /** The code of what it was to start after, if that failed. */
  readonly cause?: string | undefined
}

/** That a lane lost a thread, as the scheduler has told. */
export interface Loss {
  readonly lane: string
  readonly code: string
  readonly at: number
  /** Who is named as having held the loop. */
  readonly holders?: readonly string[]
}

/** What is known of an episode when it is over. */
export interface Account {
  readonly entries: readonly Entry[]
  /** How tasks have waited for each other. */
  readonly waits: readonly Wait[]
  readonly deeds: readonly Deed[]
  readonly losses: readonly Loss[]
  /** How often each task was called. */
  runs(task: number): number
  /** Spans in which the scheduler was being stopped or closed, when no losses are told. */
  readonly endings: readonly { readonly from: number; readonly to: number }[]
  /** When nothing was left to do, and nobody had ended the scheduler since: infinite if there was no such time. */
  readonly settledAt: number
  /** Lanes on which a lost thread need not be told of: it may have been on its way out, or the lane's last. */
  readonly untold: ReadonlySet<string>
  /** Lanes whose threads may leave when they are not needed any more, or have stalled. */
  readonly leaving: ReadonlySet<string>
  /** The lanes that may be given up, and by how many losses. */
  readonly fragile: ReadonlyMap<string, number>
  /**
   * Lanes of low priority, and those whose threads are ended when they stall: on a busy machine a thread of theirs can
   * seem to be held by a task that has no core.
   */
  readonly misjudged: ReadonlySet<string>
  /** The lanes that drop tasks. */
  readonly dropping: ReadonlySet<string>
  /** The lanes with a queue that may be full. */
  readonly bounded: ReadonlySet<string>
  /** The lanes in which one waits for room, but for their own tasks, who would wait for themselves. */
  readonly roomy: ReadonlySet<string>
  /** Whether a lane was given up before all were ready, which fails the start, and with it all that was submitted. */
  readonly startFailed: boolean
}

/** What can have brought about each death. One that fills the heap holds the loop meanwhile. */
const DEEDS_OF: Readonly<Record<string, readonly Act[]>> = {
  ERR_LANE_EXITED: ['exit'],
  ERR_LANE_OOM: ['heap'],
  ERR_LANE_TERMINATED: ['hold', 'heap', 'stall'],
  ERR_LANE_CLOSED: ['ports'],
}
/** Those that never return. */
const NEVER_LET_GO = ['exit', 'exhaustHeap', 'stallForEver']
const NEVER_DONE = [...NEVER_LET_GO, 'fail', 'notCloneable']
const CALLBACK_OF: Partial<Record<TaskState, string>> = {
  DONE: 'done',
  FAILED: 'error',
  TIMED_OUT: 'timeout',
  CANCELED: 'cancel',
}
/** A started idempotent task whose threads die is started so often. */
const DEATHS = 3
/** The word of a loss and the end of its tasks are read from one port, by a thread that may have no core meanwhile. */
const SAME_TIME_MS = 2_000

/** All that is wrong with an episode. */
export function audit(account: Account): string[] {
  const wrong: string[] = []
  for (const entry of account.entries) {
    for (const complaint of complaintsOf(entry, account)) {
      const { task, name, lane, end, nested } = entry
      const by = nested === undefined ? '' : ` by ${nested.parent}`
      wrong.push(
        `${name} ${task} on ${lane}${by}, ${end?.state} ${end?.code ?? ''}, ${account.runs(task)} runs: ${complaint}`,
      )
    }
  }
  for (const loss of account.losses) {
    const { lane, code } = loss
    const acts = DEEDS_OF[code] ?? []
    if (code === 'ERR_LANE_TERMINATED' && (account.misjudged.has(lane) || isOvertime(lane, loss, account)))
      continue
    if (!account.deeds.some(deed => acts.includes(deed.act) && reaches(deed, lane, account)))
      wrong.push(`lane ${lane} lost a thread by ${code}, and nobody did it`)
  }
  wrong.push(...complaintsOfWaits(account))
  return wrong
}

function* complaintsOf(entry: Entry, account: Account): Generator<string> {
  const { end } = entry
  const runs = account.runs(entry.task)
  if (entry.refusal !== undefined) {
    yield* complaintsOfRefusal(entry, entry.refusal, account, runs)
    return
  }
  if (end === undefined) {
    if (!isOrphan(entry, account)) yield 'it has never ended'
    return
  }
  if (entry.ends !== 1) yield `it has ended ${entry.ends} times`
  yield* complaintsOfCallbacks(entry, end)
  if (entry.cancels > 1) yield `${entry.cancels} cancels decided`
  if (entry.isCancelling && !isOrphan(entry, account)) yield 'its cancel has never returned'
  if (entry.cancels === 1 && end.state !== 'CANCELED') yield 'a cancel decided, and it is not cancelled'
  // The start of an attempt that is over is forgotten with it.
  if (!end.started && runs > 0 && entry.retries === 0 && !entry.idempotent)
    yield 'it has run, and says that it never started'
  const most = mostRuns(entry, account)
  if (runs > most) yield `it may run ${most} times at most`
  yield* complaintsOfState(entry, end, account, runs)
}

function* complaintsOfRefusal(
  { lane, callbacks, end, nested }: Entry,
  code: string,
  account: Account,
  runs: number,
): Generator<string> {
  if (runs > 0 || callbacks.length > 0 || end !== undefined)
    yield `it was refused by ${code}, and something came of it`
  if (code === 'ERR_QUEUE_FULL' && account.bounded.has(lane)) return
  if (
    code === 'ERR_QUEUE_FULL' &&
    account.roomy.has(lane) &&
    nested &&
    laneOfTask(nested.parent, account) === lane
  )
    return
  if (code === 'ERR_CLOSED' && account.endings.length > 0) return
  if (code === 'ERR_LANE_CLOSED' && nested && isCutOff(nested, nested.at, account)) return
  if (code === 'ERR_LANE_FAILED') yield* complaintsOfFailedLane(lane, account)
  else yield `it was refused by ${code}`
}

/** Whether a lane had reason to be given up. */
function* complaintsOfFailedLane(lane: string, account: Account): Generator<string> {
  const givenUp = account.startFailed ? [...account.fragile.keys()] : [lane]
  if (givenUp.some(one => isGivenUp(one, account))) return
  yield account.fragile.has(lane) ? 'its lane has not lost so many threads' : 'its lane is never given up'
}

function* complaintsOfCallbacks({ callbacks, name }: Entry, end: Ending): Generator<string> {
  const told = callbacks.join(' ')
  const last = CALLBACK_OF[end.state]
  const finals = callbacks.filter(one => one !== 'submit' && one !== 'start')
  if (finals.length !== 1 || finals[0] !== last || callbacks.at(-1) !== last)
    yield `${name} was told: ${told}`
  if (callbacks.filter(one => one === 'start').length > 1) yield `it was told twice that it started: ${told}`
  if (callbacks.includes('submit') && callbacks[0] !== 'submit') yield `the order was: ${told}`
}

function* complaintsOfState(entry: Entry, end: Ending, account: Account, runs: number): Generator<string> {
  switch (end.state) {
    case 'DONE':
      if (end.value !== entry.task) yield `its value is ${String(end.value)}`
      if (runs === 0) yield 'it has a value and has not run'
      if (NEVER_DONE.includes(entry.name)) yield 'such a one is never done'
      return
    case 'TIMED_OUT':
      if (!entry.limited) yield 'it has no limit'
      return
    case 'CANCELED':
      if (entry.cancels === 1 || entry.isCancelling || entry.signalled || isEnding(end.at, account)) return
      // What is to be run again waits in the queue like any other.
      if (end.code === 'ERR_DROPPED' && account.dropping.has(entry.lane) && runs < mostRuns(entry, account))
        return
      yield 'nobody cancelled it'
      return
    case 'FAILED':
      yield* complaintsOfFailure(entry, end, account, runs)
      return
    default:
      yield 'that is no final state'
  }
}

function* complaintsOfFailure(entry: Entry, end: Ending, account: Account, runs: number): Generator<string> {
  const code = end.code ?? ''
  const { name, lane } = entry
  // Another one's, which it has waited for; that one is looked at by itself.
  const codes = code === 'ERR_TASK_THREW' ? [code, NO_ERROR] : [code]
  if (
    account.waits.some(
      ({ waiter, end }) => waiter === entry.task && end?.through && codes.includes(end.code ?? ''),
    )
  )
    return
  switch (code) {
    case 'RangeError':
      if (name !== 'fail' && name !== 'failBefore') yield 'it throws no such thing'
      if (runs === 0) yield 'it has not run'
      return
    case 'Error':
      // The timer of a task that is over may throw while the next runs; that it is not blamed is looked at here.
      yield 'it throws no such thing'
      return
    case 'AbortError':
      yield 'it was aborted before anything was decided'
      return
    case 'ERR_RESULT_NOT_CLONEABLE':
      if (name !== 'notCloneable') yield 'its result can be cloned'
      return
    case 'ERR_LANE_FAILED':
      yield* complaintsOfFailedLane(lane, account)
      return
    case 'ERR_DEPENDENCY_FAILED': {
      if (runs > 0 && entry.retries === 0 && !entry.idempotent) yield 'it has run'
      const before = entry.after.map(task => entryOf(task, account)!)
      // Whoever waits for what the dead have submitted may be told of that instead.
      const isLost = GONE.includes(end.cause ?? '') && before.some(one => isOrphan(one, account))
      if (!isLost && before.every(one => one.end?.state === 'DONE'))
        yield `all that it was to start after are done: ${before.map(({ task, name, lane, end, nested }) => `${name} ${task} on ${lane} at ${end?.at} by ${nested?.parent} thread ${nested?.thread}`)}, and it ended at ${end.at}, since ${end.cause}, thread ${entry.nested?.thread}`
      return
    }
    case 'ERR_TRANSFER_LOST':
      if (!entry.transfers) yield 'it transfers nothing'
      if (runs > 0) yield 'it has run'
      return
    default:
      yield* complaintsOfDeath(entry, end, account, runs)
  }
}

/** Whether a task that fails with its thread had a thread to fail with. */
function* complaintsOfDeath(
  { lane, nested }: Entry,
  end: Ending,
  account: Account,
  runs: number,
): Generator<string> {
  const { code = '', at } = end
  const acts = DEEDS_OF[code]
  if (acts === undefined) {
    yield 'nothing ends so'
    return
  }
  if (isEnding(at, account) || (code === 'ERR_LANE_CLOSED' && isCutOff(nested, at, account))) return
  // A thread that others end, since it is or seems to be held or its ports have closed, may be between the claim and the call:
  // it has just let go, say, of what had held it.
  const isEndedByOthers =
    code === 'ERR_LANE_CLOSED' ||
    account.misjudged.has(lane) ||
    (code === 'ERR_LANE_TERMINATED' &&
      (isHeldForAWhile(lane, at, account) || isOvertime(lane, end, account, NEVER_LET_GO)))
  if (runs === 0 && !(end.started && isEndedByOthers)) yield 'it had not started, and so should have moved'
  if (code === 'ERR_LANE_TERMINATED' && account.misjudged.has(lane)) return
  const done = account.deeds.some(
    deed => acts.includes(deed.act) && deed.at <= at && reaches(deed, lane, account),
  )
  if (!done && !(code === 'ERR_LANE_TERMINATED' && isOvertime(lane, end, account)))
    yield 'nobody on its lane did that'
  if (account.untold.has(lane)) return
  // A lane thread hears of it by another port, and may be blocked.
  const apart = nested === undefined ? SAME_TIME_MS : Number.POSITIVE_INFINITY
  const told = account.losses.some(
    loss => loss.lane === lane && loss.code === code && Math.abs(loss.at - at) < apart,
  )
  if (told) return
  const lost = account.losses.filter(loss => loss.lane === lane)
  const when = lost.map(loss => `${loss.code} ${Math.round(loss.at - at)} ms after`).join(', ')
  yield `its lane has lost no thread then, but ${when || 'none at all'}`
}

/**
 * Whether one that is named as having held the loop had been cancelled or timed out: on a machine that has no core for it
 * any task can outlast its grace.
 *
 * @param except names that do not count
 */
function isOvertime(
  lane: string,
  { holders = [], at }: { readonly holders?: readonly string[]; readonly at: number },
  account: Account,
  except: readonly string[] = [],
): boolean {
  return account.entries.some(
    entry =>
      entry.lane === lane &&
      holders.includes(entry.name) &&
      !except.includes(entry.name) &&
      isStopped(entry, account, at + SAME_TIME_MS) &&
      // One that has been claimed has the loop, though on a busy machine its code may not have begun.
      (account.runs(entry.task) > 0 || entry.end?.started === true),
  )
}

/** How often a task may have been called, as things went on its lane. */
function mostRuns({ lane, retries, idempotent }: Entry, account: Account): number {
  const died =
    account.deeds.some(deed => reaches(deed, lane, account)) ||
    account.losses.some(loss => loss.lane === lane) ||
    showsDeath(lane, 0, account)
  return 1 + retries + (idempotent && died ? DEATHS - 1 : 0)
}
