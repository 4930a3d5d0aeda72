import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import type { TaskHandle } from 'multilane'
import { currentTask } from 'multilane/task'
import { type Gate, openGate, passBy } from '../../support/gate.js'

export * from './plain.js'

export function open(gate: Gate): void {
  openGate(gate)
}

/** Throws in each attempt before this one. */
export function succeedIn(attempt: number): number {
  if (currentTask().attempt < attempt) throw new RangeError(`not in attempt ${currentTask().attempt}`)
  return attempt
}

/** Ends its thread in each attempt before this one. */
export function surviveIn(attempt: number): number {
  if (currentTask().attempt < attempt) process.exit(7)
  return attempt
}

export async function later(ms: number, value: unknown): Promise<unknown> {
  await sleep(ms)
  return value
}

export function hold(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Says how many have come before it. */
export function count(gate: Gate): number {
  passBy(gate)
  return Atomics.load(gate, 0)
}

export function size(buffer: ArrayBuffer): number {
  return buffer.byteLength
}

type Waited = typeof import('./waited.js')
type Names = 'a' | 'b'

const submit = <K extends 'echo' | 'thread' | 'later'>(lane: Names, name: K, args: Parameters<Waited[K]>) =>
  (currentTask<Waited, Names>().lanes[lane].submit as (name: K, args: unknown[]) => TaskHandle)(name, args)

/** Asks another lane without letting go of the loop. */
export function askSync(lane: Names, value: unknown): unknown {
  return submit(lane, 'echo', [value]).resultSync({ timeout: 20_000 })
}

/** The same once more, through the task that is asked. */
export function askThrough(first: Names, second: Names, value: unknown): unknown {
  const { lanes } = currentTask<Waited, Names>()
  return lanes[first].submit('askSync', [second, value]).resultSync({ timeout: 20_000 })
}

/** Waits for a task if it is given one. */
export function resultOf(handle?: TaskHandle): unknown {
  return handle?.resultSync({ timeout: 20_000 })
}

let heard: () => void = () => {}

/** Tells `askEnded`. Fails in each attempt before this one. */
export function tellOf(attempt: number): number {
  heard()
  return succeedIn(attempt)
}

/** Asks for what has just ended on its own thread. */
export async function askEnded(attempt: number, retries: number): Promise<unknown> {
  const told = new Promise<void>(resolve => {
    heard = resolve
  })
  const task = currentTask<Waited, Names>().lanes.a.submit('tellOf', [attempt], { retries })
  await told
  return task.waitSync({ timeout: 0 }) && task.resultSync({ timeout: 20_000 })
}

/** The threads that this task runs on, and that which it has run a task on without letting go of its own. */
export function askThread(lane: Names): unknown[] {
  return [threadId, submit(lane, 'thread', []).resultSync({ timeout: 20_000 })]
}

/** Waits without end for what never ends. */
export function askForever(gate: Gate): void {
  passBy(gate)
  submit('b', 'later', [60_000, 0]).waitSync()
}
