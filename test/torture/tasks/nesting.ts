import { currentTask, type TaskHandle } from 'multilane/task'
import { collectGarbage } from '../../support/garbage.js'
import { Random } from '../../support/random.js'
import { type BoardMemory, noteRun } from '../board.js'
import { Nest } from '../nest.js'
import { type Given, waitFor, waitSomehow } from '../waiting.js'

/** Takes random steps of submitting tasks, having them wait for each other, and waiting for them. */
export async function nest(
  board: BoardMemory,
  task: number,
  seed: number,
  depth: number,
  given: readonly Given[],
): Promise<number> {
  noteRun(board, task)
  await new Nest(board, task, new Random(seed + currentTask().attempt), depth, given).run()
  return task
}

/** Waits for tasks that others have submitted. */
export async function awaitGiven(
  board: BoardMemory,
  task: number,
  seed: number,
  given: readonly Given[],
): Promise<number> {
  noteRun(board, task)
  const random = new Random(seed)
  for (const one of given) await waitSomehow(board, task, one, random)
  return task
}

/** Has handles, and lets them go. */
export function ignoreGiven(board: BoardMemory, task: number, given: readonly Given[]): number {
  noteRun(board, task)
  for (const { handle } of given) void handle.state
  return task
}

const expected = new Map<number, (given: Given) => void>()

/** Waits for the task whose handle `post` brings, if it comes in time. That one may wait for this. */
export async function awaitPosted(board: BoardMemory, task: number, ms: number): Promise<number> {
  noteRun(board, task)
  const given = await new Promise<Given | undefined>(resolve => {
    expected.set(task, resolve)
    setTimeout(resolve, ms, undefined)
  })
  expected.delete(task)
  if (given !== undefined) await waitFor(board, task, given, 'result', false)
  return task
}

export function post(
  board: BoardMemory,
  task: number,
  to: number,
  awaited: number,
  handle: TaskHandle,
): number {
  noteRun(board, task)
  expected.get(to)?.({ task: awaited, handle })
  return task
}

/** Collects the garbage of its thread, so that handles of which nobody knows any more are given back. */
export async function collect(): Promise<void> {
  for (let i = 0; i < 2; i++) {
    collectGarbage()
    await new Promise(setImmediate)
  }
}
