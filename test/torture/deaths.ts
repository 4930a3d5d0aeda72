import type { Deed } from './board.js'
import type { Account, Entry } from './ledger.js'

/** A thread of a lane may be ended by these though it has done nothing itself, so that no deed tells which it was. */
const OF_ANY_THREAD = new Set(['ERR_LANE_TERMINATED', 'ERR_LANE_CLOSED'])
/** The shortest grace of the lanes on which nothing ends a thread. */
const LONG_WAIT_MS = 2_000
/** The longest that a task holds its thread and lets it go, with the time that a busy machine may take to tell of what came of it. */
const LONG_HOLD_MS = 5_000

/**
 * Whether a task has been cancelled, or its time was over, or nobody wants it any more.
 *
 * @param by when this was heard of at the latest; a submitter that is blocked hears of it late
 */
export function isStopped(entry: Entry, account: Account, by = Number.POSITIVE_INFINITY): boolean {
  const { end } = entry
  if (end === undefined) return isOrphan(entry, account)
  return (end.state === 'CANCELED' || end.state === 'TIMED_OUT') && end.at < by
}

/** Whether a task was submitted on a thread that has died since, so that nobody may have been told of its end. */
export function isOrphan({ nested }: Entry, account: Account): boolean {
  if (nested === undefined) return false
  const parent = entryOf(nested.parent, account)!
  if (hasDied(nested.thread, parent.lane, nested.at, account)) return true
  // No thread stays for the sake of a task that has been given up.
  return account.leaving.has(parent.lane) && isStopped(parent, account)
}

/**
 * Whether the thread that a task was submitted on, or waits on, had lost its ports: to that thread all tasks end, wherever
 * they are.
 */
export function isCutOff(
  on: { readonly thread: number } | undefined,
  by: number,
  { deeds }: Account,
): boolean {
  return deeds.some(({ act, thread, at }) => act === 'ports' && thread === on?.thread && at <= by)
}

/** Whether a thread of a lane has died, or may have, since the given time. */
export function hasDied(thread: number, lane: string, since: number, account: Account): boolean {
  const { deeds, losses, endings, settledAt } = account
  return (
    deeds.some(deed => deed.thread === thread && laneOfTask(deed.task, account) === lane) ||
    losses.some(({ lane: lost, code, at }) => lost === lane && OF_ANY_THREAD.has(code) && at >= since) ||
    showsDeath(lane, since, account) ||
    isGivenUp(lane, account) ||
    // What had not ended when all was settled has not been ended by what came later.
    endings.some(({ from, to }) => since <= to && (from < settledAt || since > settledAt))
  )
}

/** Whether it shows in how tasks ended that a lane whose deaths nobody is told of has lost a thread since the given time. */
export function showsDeath(lane: string, since: number, account: Account): boolean {
  return account.untold.has(lane) && account.entries.some(entry => tellsOfDeath(entry, lane, since, account))
}

/** Whether a task has ended with a thread of the lane that may have done nothing itself: of some lanes nothing else tells that. */
function tellsOfDeath({ task, lane, end }: Entry, of: string, since: number, { waits }: Account): boolean {
  if (lane !== of || end === undefined || end.at < since || !OF_ANY_THREAD.has(end.code ?? '')) return false
  return !waits.some(wait => wait.waiter === task && wait.end?.through === true)
}

/** Whether a lane may have lost so many threads that it was given up. */
export function isGivenUp(lane: string, account: Account): boolean {
  const deeds = account.deeds.filter(deed => reaches(deed, lane, account))
  return deeds.length > (account.fragile.get(lane) ?? Number.POSITIVE_INFINITY)
}

/** Whether the scheduler was being stopped or closed. */
export function isEnding(at: number, { endings }: Account): boolean {
  return endings.some(({ from, to }) => from <= at && at <= to)
}

/** Whether a synchronous wait has held a thread of a lane for so long that others there may have outlasted their grace by it. */
export function isHeldByWait(lane: string, account: Account): boolean {
  return account.waits.some(({ kind, waiter, from, end }) => {
    const isSync = kind === 'resultSync' || kind === 'waitSync'
    return (
      isSync && laneOfTask(waiter, account) === lane && (end === undefined || end.at - from > LONG_WAIT_MS)
    )
  })
}

/** Whether a task held a thread of a lane lately, and has let it go by itself if it was not ended for that. */
export function isHeldForAWhile(lane: string, by: number, account: Account): boolean {
  return account.deeds.some(
    ({ act, task, at }) =>
      act === 'hold' && at <= by && by - at < LONG_HOLD_MS && laneOfTask(task, account) === lane,
  )
}

export function laneOfTask(task: number, account: Account): string | undefined {
  return entryOf(task, account)?.lane
}

/**
 * Whether a deed can have cost a lane a thread. A thread whose ports are closed may be one that submits or waits as well, and
 * who is at the other end is then ended.
 */
export function reaches({ act, task, thread }: Deed, lane: string, account: Account): boolean {
  if (laneOfTask(task, account) === lane) return true
  if (act !== 'ports') return false
  return (
    account.entries.some(entry => entry.lane === lane && entry.nested?.thread === thread) ||
    account.waits.some(wait => wait.thread === thread && laneOfTask(wait.awaited, account) === lane)
  )
}

const byNumber = new WeakMap<readonly Entry[], ReadonlyMap<number, Entry>>()

export function entryOf(task: number, { entries }: Account): Entry | undefined {
  let numbered = byNumber.get(entries)
  if (numbered === undefined) {
    numbered = new Map(entries.map(entry => [entry.task, entry]))
    byNumber.set(entries, numbered)
  }
  return numbered.get(task)
}
