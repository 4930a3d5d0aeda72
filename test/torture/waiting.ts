import type { TaskHandle } from 'multilane/task'
import type { Random } from '../support/random.js'
import { type BoardMemory, sharedNow } from './board.js'
import { nextNumber, note, ownThread, type WaitKind } from './journal.js'

/** A task that somebody else may wait for: its handle, and its number on the board. */
export interface Given {
  readonly task: number
  readonly handle: TaskHandle
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
  await waitFor(board, waiter, given, kind, through, 1 + random.below(30))
}

/**
 * @param through whether the task that waits is to fail with what the other one fails with
 * @param timeout milliseconds, of the kinds that have one
 */
export async function waitFor(
  { journal }: BoardMemory,
  waiter: number,
  { task, handle }: Given,
  kind: WaitKind,
  through: boolean,
  timeout = 0,
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
    const value = await ways[kind](handle, timeout)
    ended({ value }, false)
  } catch (error) {
    ended({ code: codeOf(error) }, through)
    if (through) throw error
  }
}

const ways: Record<WaitKind, (handle: TaskHandle, timeout: number) => unknown> = {
  result: handle => handle.result(),
  wait: async (handle, timeout) => {
    // Not what `then` gives: it is the promise itself that shows that the task waits.
    const hasEnded = await handle.wait({ timeout })
    return hasEnded ? isFinal(handle) : hasEnded
  },
  resultSync: (handle, timeout) => handle.resultSync({ timeout }),
  waitSync: (handle, timeout) => handle.waitSync({ timeout }) && isFinal(handle),
}

function isFinal({ name, state }: TaskHandle): true {
  if (state === 'DONE' || state === 'FAILED' || state === 'TIMED_OUT' || state === 'CANCELED') return true
  throw new Error(`${name} is to have ended, and is ${state}`)
}
