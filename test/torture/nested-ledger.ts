import { entryOf, hasDied, isCutOff, isEnding, isOrphan, isStopped } from './deaths.js'
import { type Account, type Entry, GONE, NO_ERROR } from './ledger.js'
import type { Wait } from './nested-entries.js'

/** What a synchronous wait ends with when the task that waits has been cancelled, or its time is over. */
const STOPPED = ['ERR_TASK_CANCELED', 'ERR_TASK_TIMEOUT']
/** All that is wrong with how tasks have waited for each other. */
export function* complaintsOfWaits(account: Account): Generator<string> {
  for (const wait of account.waits)
    for (const complaint of complaintsOf(wait, account)) {
      const { kind, waiter, awaited, end } = wait
      const [waiting, other] = [waiter, awaited].map(task => entryOf(task, account))
      yield `${kind} of ${waiting?.name} ${waiter} on ${waiting?.lane} for ${other?.name} ${awaited} on ${other?.lane}` +
        `, ${other?.end?.state} ${other?.end?.code ?? ''}: ${end?.code ?? end?.value}: ${complaint}`
    }
}

function* complaintsOf(wait: Wait, account: Account): Generator<string> {
  const { end, kind, awaited } = wait
  if (end === undefined) {
    const waiter = entryOf(wait.waiter, account)!
    const { lane } = waiter
    // A thread stays for its tasks, and not for the promises that they leave behind. Of an orphan's end nobody is told.
    const isOver = waiter.end !== undefined || isOrphan(waiter, account)
    if (isOver && account.leaving.has(lane)) return
    if (!hasDied(wait.thread, lane, wait.from, account)) yield 'it has never ended'
    return
  }
  const entry = entryOf(awaited, account)!
  if (end.code !== undefined) {
    yield* complaintsOfError(wait, end.code, end.at, entry, account)
    return
  }
  const told = entry.end
  switch (kind) {
    case 'result':
    case 'resultSync':
      if (end.value !== awaited) yield 'that is not its value'
      if (told !== undefined && told.state !== 'DONE') yield 'its submitter was told otherwise'
      return
    default:
      if (typeof end.value !== 'boolean') yield 'it answers no such thing'
  }
}

function* complaintsOfError(
  wait: Wait,
  code: string,
  at: number,
  entry: Entry,
  account: Account,
): Generator<string> {
  const { kind } = wait
  const isSync = kind === 'resultSync' || kind === 'waitSync'
  const isOutcome = kind === 'result' || kind === 'resultSync'
  const waiter = entryOf(wait.waiter, account)!
  if (isOutcome && entry.end?.code === code) return
  if (isOutcome && code === 'ERR_TASK_THREW' && entry.end?.code === NO_ERROR) return
  if (code === 'ERR_WAIT_TIMEOUT' && kind === 'resultSync') return
  if (code === 'ERR_DEADLOCK') {
    yield* complaintsOfDeadlock(wait, isSync, at, waiter, entry, account)
    return
  }
  if (isEnding(at, account)) return
  // To a thread that has lost its ports, all that it waits for is closed.
  if (code === 'ERR_LANE_CLOSED' && isCutOff(wait, at, account)) return
  if (isSync && STOPPED.includes(code) && isStopped(waiter, account)) return
  if (isOutcome && isOrphan(entry, account)) {
    // Nobody is there to compare it with.
    if (entry.end === undefined || GONE.includes(code)) return
  }
  yield 'that is not what it ended with'
}

function* complaintsOfDeadlock(
  wait: Wait,
  isSync: boolean,
  at: number,
  waiter: Entry,
  entry: Entry,
  account: Account,
): Generator<string> {
  if (waiter.name === 'awaitPosted' || entry.name === 'awaitPosted') return
  if (isSync && waiter.lane === entry.lane) return
  // Whoever waits synchronously keeps all others of its thread, and so all whom those keep waiting.
  const others = account.waits.filter(
    other => other !== wait && other.from <= at && (other.end?.at ?? Number.POSITIVE_INFINITY) >= wait.from,
  )
  const isKept = isSync
    ? others.some(other => other.thread !== wait.thread)
    : others.some(({ kind }) => kind === 'resultSync' || kind === 'waitSync')
  if (!isKept && !isThroughKey(wait, at, account)) yield 'no other wait is in its way'
}

/** Whether the awaited waits, itself or through others, for the turn of a key that one has who waits for it. */
function isThroughKey(wait: Wait, at: number, account: Account): boolean {
  const ahead = reachedFrom(wait.awaited, at, account)
  for (const { task, lane, key } of account.entries) {
    if (key === null || !reachedFrom(task, at, account).has(wait.waiter)) continue
    for (const one of ahead) {
      const parked = one === task ? undefined : entryOf(one, account)
      if (parked?.key === key && parked.lane === lane) return true
    }
  }
  return false
}

/** A task, and all that it waits for at an instant, itself or through others. */
function reachedFrom(first: number, at: number, account: Account): Set<number> {
  const reached = new Set([first])
  for (const task of reached) {
    for (const after of entryOf(task, account)?.after ?? []) reached.add(after)
    for (const { waiter, awaited, from, end } of account.waits)
      if (waiter === task && from <= at && (end?.at ?? Number.POSITIVE_INFINITY) >= at) reached.add(awaited)
  }
  return reached
}
