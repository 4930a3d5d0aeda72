import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { currentTask, type TaskHandle } from 'multilane/task'
import { arrivals, blockAt, type Gate, passBy, waitAt } from '../../support/gate.js'
import { Random } from '../../support/random.js'

type Standing = typeof import('./standing.js')
type Lane = 'pair' | 'far' | 'other'

const lanes = () => currentTask<Standing, Lane>().lanes

export function echo<T>(value: T): T {
  return value
}

/** Holds its loop until so many are here. */
function meet(gate: Gate, count: number): void {
  passBy(gate)
  while (arrivals(gate) < count);
}

/** Comes to the gate and awaits so many others there, with its loop free. */
export async function meetAsync(gate: Gate, count: number): Promise<number> {
  passBy(gate)
  while (arrivals(gate) < count) await sleep(2)
  return threadId
}

/** After a while has two tasks of a lane meet, then passes by the gate. @returns the threads they met on */
export async function haveMeet(gate: Gate, lane: Lane, after: number, meeting: Gate): Promise<unknown[]> {
  await sleep(after)
  const met = [1, 2].map(() => lanes()[lane].run('meetAsync', [meeting, 2]))
  const threads = await Promise.all(met)
  passBy(gate)
  return threads
}

/** After a while asks its own lane synchronously for a value, then passes by the gate. */
export async function askOwn(gate: Gate, after: number): Promise<unknown> {
  await sleep(after)
  const value = told(() => lanes().pair.submit('echo', ['own']).resultSync())
  passBy(gate)
  return value
}

/** Asks a lane synchronously for a value, once so many others are about to as well. */
export function askTogether(
  gate: Gate,
  count: number,
  lane: Lane,
  fn: 'echo' | 'askBack',
  value: number,
  timeout?: number,
) {
  meet(gate, count)
  const task = lanes()[lane].submit(fn, [value])
  return told(() => task.resultSync(timeout === undefined ? {} : { timeout }))
}

function told(wait: () => unknown): unknown {
  try {
    return wait()
  } catch (error) {
    const { code, cycle } = error as { code: string; cycle?: readonly string[] }
    return cycle === undefined ? { code } : { code, cycle }
  }
}

export async function askBack(value: number): Promise<unknown> {
  return lanes().pair.run('echo', [value])
}

/** @returns what the task came to, or what it failed with */
export async function outcomeOf(handle: TaskHandle): Promise<unknown> {
  return handle.result().catch(error => (error as Error).message)
}

let kept: readonly TaskHandle[] = []

export function keep(handles: readonly TaskHandle[]): void {
  kept = handles
}

/** Asks for what it was given, itself or by a task that is to start after that. */
export function askForKept(through: Lane | null): unknown {
  const [handle] = kept
  return told(() =>
    (through === null
      ? handle
      : lanes()[through].submit('echo', ['after'], { after: [handle!] }))!.resultSync(),
  )
}

/** Asks synchronously for a task that asks for what was given to its thread. */
export function askOneWhoAsks(): unknown {
  return told(() => lanes().far.submit('endsOfKept', []).resultSync())
}

export async function endsOfKept(): Promise<unknown[]> {
  return Promise.all(kept.map(handle => handle.result()))
}

/** Holds its loop at the gate; then asks for tasks of its own lane, by way of another, or goes on holding it for a while. */
export function holdThenAsk(gate: Gate, then: 'ask' | 'hold'): unknown {
  blockAt(gate)
  if (then === 'ask') return told(() => lanes().far.submit('endsOfKept', []).resultSync())
  hold(100)
  return 'held'
}

function hold(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}

/** Awaits a task that waits at the first gate, then goes by the second and holds its loop. */
export async function awaitAndHold(until: Gate, from: Gate, ms: number): Promise<unknown> {
  const value = await lanes().pair.run('waitHere', [until, 'awaited'])
  passBy(from)
  hold(ms)
  return value
}

export async function waitHere<T>(gate: Gate, value: T): Promise<T> {
  await waitAt(gate)
  return value
}

/** Awaits a task of the lane that waits at the gate. */
export async function awaitAt(gate: Gate): Promise<unknown> {
  return lanes().pair.run('waitHere', [gate, 'awaited'])
}

/** Blocks its thread, for so long at most, by a wait for a task of another lane that waits at the gate. */
export function askAt(gate: Gate, timeout: number): boolean {
  return lanes().other.submit('waitHere', [gate, 0]).waitSync({ timeout })
}

/** Lets its loop turn, blocks it by a wait for a task of another lane at the first gate, and then waits at the second. */
export async function askBetween(asked: Gate, until: Gate): Promise<void> {
  await new Promise(setImmediate)
  lanes().other.submit('waitHere', [asked, 0]).resultSync()
  await waitAt(until)
}

/** Holds its loop for so long when it has ended. @returns its thread */
export function holdLater(gate: Gate, ms: number): number {
  setTimeout(() => {
    passBy(gate)
    hold(ms)
  })
  return threadId
}

/** Ends while a task that it has submitted waits at the gate. @returns its thread */
export function endBefore(gate: Gate): number {
  lanes().other.submit('waitHere', [gate, 0])
  return threadId
}

/** Holds its loop for so long. */
export function holdFor(ms: number): void {
  hold(ms)
}

/** @returns what the task came to */
export function askFor(handle: TaskHandle, options: { readonly timeout?: number } = {}): unknown {
  return told(() => handle.resultSync(options))
}

/** @returns what both tasks came to, of which it asks for the second synchronously */
export async function askBeside(handle: TaskHandle, other: TaskHandle): Promise<readonly unknown[]> {
  const value = handle.result().then(found => found)
  return [told(() => other.resultSync()), await value]
}

/** Asks for what a task came to, once the gate is open. */
export async function endAfter(gate: Gate, handle: TaskHandle): Promise<unknown> {
  await waitAt(gate)
  return handle.result()
}

/** Once the gate is open it ends, though it still awaits a task, and then holds its loop, so that nobody comes to say so. */
export async function endAwaiting(
  gate: Gate,
  handle: TaskHandle,
  ms: number,
  fails = false,
): Promise<string> {
  await Promise.race([handle.result(), waitAt(gate)])
  setImmediate(() => hold(ms))
  if (fails) throw new Error('failed')
  return 'ended'
}

let answer: unknown

/** Waits synchronously until one has started that asks for what was given to its thread, and holds its loop a while longer. */
export function waitForStart(): boolean {
  const hasStarted = lanes().far.submit('answerKept', []).waitSync({ for: 'RUNNING' })
  hold(5)
  return hasStarted
}

export function answerKept(): void {
  answer = askForKept(null)
}

export function answerOf(): unknown {
  return answer
}

export function sizeOf(bytes: Uint8Array): number {
  return bytes.byteLength
}

/** Waits for tasks of other lanes that do the same, so many levels deep; synchronously more often than not. */
export async function nest(levels: number, seed: number, order: 'down' | 'any'): Promise<number> {
  const random = new Random(seed)
  hold(random.below(3))
  if (levels === 0) return 1
  let leaves = 0
  for (let count = 1 + random.below(3); count > 0; count--) {
    const lane = order === 'any' ? random.pick<Lane>(['pair', 'far']) : levels > 1 ? 'pair' : 'far'
    const task = lanes()[lane].submit('nest', [levels - 1, random.below(1e9), order])
    leaves += (random.chance(0.6) ? task.resultSync() : await task.result()) as number
  }
  return leaves
}
