import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'
import { type Gate, waitAt } from '../../support/gate.js'

type Parting = typeof import('./parting.js')

const lanes = () => currentTask<Parting, 'brief' | 'work' | 'later'>().lanes

/** Takes so long that its thread knows by then that others have its handle. */
export async function value(text: string): Promise<string> {
  await sleep(20)
  return text
}

export function fail(): never {
  throw new RangeError('no such thing')
}

/** Holds its thread so long that it is replaced, then submits tasks and gives their handles to another lane. */
export async function stallAndSubmit(hold: number): Promise<void> {
  stall(hold)
  const { work, later } = lanes()
  const canceled = work.submit('value', ['never'], { delay: 60_000 })
  await later.run('keep', [[work.submit('value', ['made']), work.submit('fail', []), canceled]])
  canceled.cancel('not wanted')
}

/** Holds its thread so long that it is replaced. */
export function stall(hold: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, hold)
}

/**
 * Gives another lane the handles of two tasks that end, one on its own thread and one on another. Then it has that thread
 * replaced, and after it its own.
 */
export async function leaveAfterAnother(hold: number): Promise<void> {
  const { brief, work, later } = lanes()
  const handles = [brief.submit('value', ['made here']), work.submit('value', ['made there'])]
  await later.run('keep', [handles])
  await Promise.all(handles.map(handle => handle.result()))
  await work.run('stall', [hold])
  stall(hold)
}

/** Submits so many tasks that end at once, and gives their handles to another lane. */
export async function stallAndSubmitMany(hold: number, count: number): Promise<void> {
  stall(hold)
  const { work, later } = lanes()
  await later.run('keep', [Array.from({ length: count }, (_, n) => work.submit('number', [n]))])
}

export function number(n: number): number {
  return n
}

/** Hands the value of a task, of which another lane has the handle, over to somebody else; then waits at the gate. */
export async function handOver(gate: Gate): Promise<void> {
  const { work, later } = lanes()
  const handle = work.submit('bytes', [])
  await later.run('keep', [[handle]])
  const { bytes } = await handle.result()
  structuredClone(bytes, { transfer: [bytes.buffer] })
  await waitAt(gate)
}

export function exit(): never {
  process.exit(1)
}

let leavesBy: 'exits' | 'hangs' | undefined

export function setup(how?: 'exits' | 'hangs'): void {
  leavesBy = how
}

export async function teardown(): Promise<void> {
  if (leavesBy === 'exits') process.exit(3)
  if (leavesBy === 'hangs') await new Promise(() => {})
}

export function bytes(): { readonly bytes: Uint8Array<ArrayBuffer> } {
  return { bytes: new Uint8Array(8) }
}

let kept: readonly TaskHandle[] = []

export function keep(handles: readonly TaskHandle[]): void {
  kept = handles
}

export function statesOfKept(): string[] {
  return kept.map(({ state }) => state)
}

export async function outcomesOf(handles: readonly TaskHandle[]): Promise<string[]> {
  const results = await Promise.allSettled(handles.map(handle => handle.result()))
  return results.map(result => (result.status === 'fulfilled' ? String(result.value) : result.reason.message))
}

export async function outcomesOfKept(): Promise<string[]> {
  return outcomesOf(kept)
}

/** By a thread that has never heard of them. */
export async function passKeptOn(): Promise<string[]> {
  return lanes().work.run('outcomesOf', [kept])
}

export function syncOutcomeOfKept(): unknown {
  return kept[0]!.resultSync()
}
