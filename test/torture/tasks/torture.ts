import { setTimeout as sleep } from 'node:timers/promises'
import { MessagePort } from 'node:worker_threads'
import { currentTask } from 'multilane/task'
import { type BoardMemory, enterKey, goOnInKey, noteDeed, noteRun } from '../board.js'

function spend(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

export function give(board: BoardMemory, task: number): number {
  noteRun(board, task)
  return task
}

export async function giveLater(board: BoardMemory, task: number, ms: number): Promise<number> {
  noteRun(board, task)
  await sleep(ms, undefined, { signal: currentTask().signal })
  return task
}

/** Waits on, whatever its signal says. */
export async function ignore(board: BoardMemory, task: number, ms: number): Promise<number> {
  noteRun(board, task)
  await sleep(ms)
  return task
}

export function compute(board: BoardMemory, task: number, ms: number): number {
  noteRun(board, task)
  spend(ms)
  return task
}

export function fail(board: BoardMemory, task: number): never {
  noteRun(board, task)
  throw new RangeError('as planned')
}

/** Fails until the given attempt. */
export function failBefore(board: BoardMemory, task: number, attempt: number): number {
  noteRun(board, task)
  if (currentTask().attempt < attempt) throw new RangeError('as planned')
  return task
}

export function notCloneable(board: BoardMemory, task: number): () => void {
  noteRun(board, task)
  return () => {}
}

export function take(board: BoardMemory, task: number, handedOver: ArrayBuffer): number {
  noteRun(board, task)
  new Uint8Array(handedOver).fill(1)
  return task
}

/** Keeps an eye on whether it is alone. */
export async function keyed(
  board: BoardMemory,
  task: number,
  place: number,
  rounds: number,
): Promise<number> {
  const { signal } = currentTask()
  noteRun(board, task)
  enterKey(board, place, task)
  for (let round = 0; round < rounds; round++) {
    await sleep(1, undefined, { signal })
    goOnInKey(board, place, task)
  }
  return task
}

/** Throws when it is over, where nobody can catch it. */
export function throwLater(board: BoardMemory, task: number, ms: number): number {
  noteRun(board, task)
  setTimeout(() => {
    throw new Error('a stray one, as planned')
  }, ms)
  return task
}

export function exit(board: BoardMemory, task: number): never {
  noteRun(board, task)
  noteDeed(board, task, 'exit')
  process.exit(3)
}

/** Ends its thread when it is over, and others are on it. */
export function exitLater(board: BoardMemory, task: number, ms: number): number {
  noteRun(board, task)
  setTimeout(() => {
    noteDeed(board, task, 'exit')
    process.exit(4)
  }, ms)
  return task
}

export function exhaustHeap(board: BoardMemory, task: number): never {
  noteRun(board, task)
  noteDeed(board, task, 'heap')
  const kept: number[][] = []
  for (;;) kept.push([kept.length, 1, 2, 3])
}

/** Holds the loop, whatever is decided against it. */
export function hold(board: BoardMemory, task: number, ms: number): number {
  noteRun(board, task)
  noteDeed(board, task, 'hold')
  spend(ms)
  return task
}

/** Holds the loop for a while, and is none the worse for it. */
export function stall(board: BoardMemory, task: number, ms: number): number {
  noteRun(board, task)
  spend(ms)
  return task
}

/** Holds the loop until somebody ends its thread. */
export function stallForEver(board: BoardMemory, task: number): never {
  noteRun(board, task)
  noteDeed(board, task, 'stall')
  for (;;) spend(1_000)
}

/** Closes the next port that anything is posted on: its own answer's. */
export function closePorts(board: BoardMemory, task: number): number {
  noteRun(board, task)
  noteDeed(board, task, 'ports')
  MessagePort.prototype.postMessage = function (this: MessagePort): void {
    this.close()
  }
  return task
}

export { awaitGiven, awaitPosted, collect, ignoreGiven, nest, post } from './nesting.js'
