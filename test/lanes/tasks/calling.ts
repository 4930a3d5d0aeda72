import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'
import { currentTask } from 'multilane/task'

type Calling = typeof import('./calling.js')
type Names = 'a' | 'b' | 'c'

const lanes = () => currentTask<Calling, Names>().lanes

export function thread(): number {
  return threadId
}

export function double(value: number): number {
  return 2 * value
}

/** Asks another lane, and says who answered. */
export async function relay(
  lane: Names,
  value: number,
): Promise<[own: number, other: number, value: number]> {
  const other = await lanes()[lane].run('thread')
  return [threadId, other, await lanes()[lane].run('double', [value])]
}

/** Calls itself on one lane after the other. */
export async function descend(path: readonly Names[]): Promise<string> {
  const { lane } = currentTask()
  const [next, ...rest] = path
  return next === undefined ? lane : `${lane}${await lanes()[next].run('descend', [rest])}`
}

export async function pause(ms: number): Promise<string> {
  await sleep(ms)
  return 'paused'
}

/** Waits for another task, and says what ran on this thread meanwhile. */
let ran: string[] = []
export async function waitFor(lane: Names, ms: number): Promise<string[]> {
  ran = []
  await lanes()[lane].run('pause', [ms])
  return ran
}

export function note(text: string): void {
  ran.push(text)
}

export async function callThrowing(lane: Names): Promise<void> {
  await lanes()[lane].run('throwing')
}

export function throwing(): never {
  throw new RangeError('no such value')
}

export async function callUnknown(lane: Names): Promise<void> {
  await lanes()[lane].run('nothing' as 'thread')
}

export async function callWithTimeout(lane: Names, timeout: number): Promise<void> {
  await lanes()[lane].run('holdLoop', [60_000], { timeout })
}

export function holdLoop(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until && !currentTask().cancelled);
}

/** Holds its loop as long as nobody ends its thread. */
export function holdForEver(started: SharedArrayBuffer): never {
  Atomics.add(new Int32Array(started), 0, 1)
  for (;;);
}

export async function callHoldForEver(lane: Names, started: SharedArrayBuffer): Promise<void> {
  await lanes()[lane].run('holdForEver', [started])
}

/** Leaves a task behind that it does not wait for. */
export function leaveBehind(lane: Names, counter: SharedArrayBuffer, ms: number): void {
  void lanes()[lane].run('countAfter', [counter, ms])
}

export async function countAfter(counter: SharedArrayBuffer, ms: number): Promise<void> {
  await sleep(ms)
  Atomics.add(new Int32Array(counter), 0, 1)
}

export function count(counter: SharedArrayBuffer): void {
  Atomics.add(new Int32Array(counter), 0, 1)
}

export function exit(code: number): never {
  process.exit(code)
}

/** Runs many small tasks on another lane, one after the other, without the owner. */
export async function pingPong(lane: Names, rounds: number): Promise<number> {
  let value = 0
  for (let i = 0; i < rounds; i++) value = await lanes()[lane].run('double', [i])
  return value
}

export async function mapThere(lane: Names, items: number[]): Promise<number[]> {
  return lanes()[lane].map('double', items)
}

/** Sends many tasks to a lane and waits for all. */
export async function spread(lane: Names, counter: SharedArrayBuffer, times: number): Promise<number> {
  const tasks = Array.from({ length: times }, () => lanes()[lane].submit('count', [counter]))
  await Promise.all(tasks.map(task => task.result()))
  return new Set(tasks.map(({ id }) => id)).size
}

/** Fills its own lane's queue: its handle, were it to wait, would wait for ever. */
export async function fillOwn(): Promise<string> {
  const { lane } = currentTask()
  try {
    for (let i = 0; i < 1_000; i++) void lanes()[lane as Names].run('pause', [1])
    return 'never full'
  } catch (error) {
    return (error as { code: string }).code
  }
}

/** As `fillOwn`, by the promise of `run`. */
export async function overfill(times: number): Promise<string[]> {
  const { lane } = currentTask()
  const calls = Array.from({ length: times }, () => lanes()[lane as Names].run('pause', [1]))
  const ends = await Promise.allSettled(calls)
  return ends.map(end => (end.status === 'fulfilled' ? 'done' : end.reason.code))
}
