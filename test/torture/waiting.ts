import type { TaskHandle } from 'multilane/task'
import type { Random } from '../support/random.js'
import { type BoardMemory, sharedNow } from './board.js'
import { nextNumber, note, ownThread, type WaitKind } from './journal.js'

/** A task that somebody else may wait for: its handle, and its number on the board. */
export interface Given {
  readonly task: number
  readonly handle: TaskHandle
}

/** For how long somebody waits, in milliseconds. */
interface Limit {
  readonly timeout?: number
}

/** The code of an error, or its name if it has none of ours. */
export function codeOf(error: unknown): string {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  return typeof code === 'string' && code.startsWith('ERR_') ? code : String(name)
}

/** That of what a task was to start after, and that failed. */
export function causeOf(error: unknown): string | undefined {
  const { cause } = error as { readonly cause?: unknown }
  return codeOf(error) === 'ERR_DEPENDENCY_FAILED' && cause !== undefined ? codeOf(cause) : undefined
}

export function holdersOf(error: unknown): readonly string[] {
  return (error as { readonly holders?: readonly string[] }).holders ?? []
}

/** Waits for a task in one of the ways that there are; one time in four it fails with what that one fails with. */
export async function waitSomehow(
  board: BoardMemory,
  waiter: number,
  given: Given,
  random: Random,
): Promise<void> {
  const through = random.chance(0.25)
  const kind = random.chance(0.2)
    ? random.pick<WaitKind>(['resultSync', 'waitSync'])
    : random.pick<WaitKind>(['result', 'result', 'wait'])
  // Of threads that block each other for ever, one is told so.
  const limit = random.chance(0.2) ? {} : { timeout: 1 + random.below(30) }
  await waitFor(board, waiter, given, kind, through, limit)
}

/**
 * @param through whether the task that waits is to fail with what the other one fails with
 * @param limit of the kinds that may have one
 */
export async function waitFor(
  { journal }: BoardMemory,
  waiter: number,
  { task, handle }: Given,
  kind: WaitKind,
  through: boolean,
  limit: Limit = {},
): Promise<void> {
  const wait = nextNumber(journal, 'waits')
  note(journal, {
    what: 'wait',
    wait,
    waiter,
    thread: ownThread(),
    awaited: task,
    kind,
    at: sharedNow(),
  })
  const ended = (how: { readonly value?: unknown; readonly code?: string }, through: boolean): void =>
    note(journal, { what: 'waited', wait, at: sharedNow(), through, ...how })
  try {
    // Async functions: a synchronous wait is over before the next line either way.
    const value = await ways[kind](handle, limit)
    ended({ value }, false)
  } catch (error) {
    ended({ code: codeOf(error) }, through)
    if (through) throw error
  }
}

const ways: Record<WaitKind, (handle: TaskHandle, limit: Limit) => unknown> = {
  result: handle => handle.result(),
  wait: async (handle, limit) => {
    // Not what `then` gives: it is the promise itself that shows that the task waits.
    const hasEnded = await handle.wait(limit)
    return hasEnded ? isFinal(handle) : hasEnded
  },
  resultSync: (handle, limit) => handle.resultSync(limit),
  waitSync: (handle, limit) => handle.waitSync(limit) && isFinal(handle),
}

function isFinal({ name, state }: TaskHandle): true {
  if (state === 'DONE' || state === 'FAILED' || state === 'TIMED_OUT' || state === 'CANCELED') return true
  throw new Error(`${name} is to have ended, and is ${state}`)
}
