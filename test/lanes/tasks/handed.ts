import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'
import { blockAt, type Gate } from '../../support/gate.js'
import { UNREADABLE } from '../../support/unreadable.js'

type Handed = typeof import('./handed.js')
type Names = 'a' | 'b' | 'c'

const lanes = () => currentTask<Handed, Names>().lanes

export interface Value {
  readonly text: string
  readonly at: number
}

export async function produce(text: string, after: number): Promise<Value> {
  await sleep(after)
  return { text, at: Date.now() }
}

/** Holds its loop until the gate is open. The text of what it answers can be read but once. */
export function readableOnce(gate: Gate): Value {
  blockAt(gate)
  let isRead = false
  return {
    at: Date.now(),
    get text() {
      if (isRead) throw new RangeError('it was read before')
      isRead = true
      return 'once'
    },
  }
}

/** Holds its loop. */
export function produceBusily(text: string, after: number): string {
  const until = performance.now() + after
  while (performance.now() < until);
  return text
}

export function produceAtOnce(text: string): string {
  return text
}

export async function fail(after: number): Promise<never> {
  await sleep(after)
  throw new RangeError('it failed')
}

export async function never(): Promise<never> {
  const { signal } = currentTask()
  await sleep(60_000, undefined, { signal })
  throw new Error('it was not cancelled')
}

export async function awaitIt(task: TaskHandle<Value>): Promise<string> {
  return (await task.result()).text
}

export async function awaitText(task: TaskHandle<string>): Promise<string> {
  return task.result()
}

/** How a task ended, and what with. */
export async function outcome(task: TaskHandle): Promise<[state: string, error: string, limit: unknown]> {
  try {
    await task.result()
    return [task.state, 'none', undefined]
  } catch (error) {
    const { limit } = error as { limit?: unknown }
    return [task.state, (error as Error).constructor.name, limit]
  }
}

/** What is told here of why a task has not ended well: by itself, and as the cause of what was to start after it. */
export async function reasons(task: TaskHandle): Promise<unknown[]> {
  const after = lanes().a.submit('awaitText', [task as TaskHandle<string>], { after: [task] })
  const told = (thrown: unknown): unknown => thrown
  return [await task.result().catch(told), await after.result().catch((error: Error) => error.cause)]
}

/** The same, as the thread is told to which this one passes the handle on. */
export function reasonsBeyond(task: TaskHandle): Promise<unknown[]> {
  return lanes().b.run('reasons', [task])
}

export interface Nested {
  readonly list: readonly { readonly task: TaskHandle<string> }[]
  readonly again: TaskHandle<string>
  readonly other: string
}

export async function awaitNested({ list, again, other }: Nested): Promise<string> {
  const texts = await Promise.all([...list.map(({ task }) => task.result()), again.result()])
  return `${texts.join()}${list[0]!.task === again ? ' same' : ''} ${other}`
}

export function look(task: TaskHandle): {
  id: number
  name: string
  lane: string
  state: string
  submit: number
} {
  const { id, name, lane, state, timestamps } = task
  return { id, name, lane, state, submit: timestamps.submit }
}

/** Writes what it sees of a task's state, again and again, until it has ended. */
export async function watchStates(task: TaskHandle): Promise<string[]> {
  const seen: string[] = []
  for (;;) {
    const { state } = task
    if (seen.at(-1) !== state) seen.push(state)
    if (state === 'DONE') return seen
    await sleep(1)
  }
}

export interface Seen {
  readonly state: string
  readonly timestamps: readonly string[]
  readonly started: boolean
  readonly ended: boolean
  readonly endedSync: boolean
}

/** What is to be seen of a task at once, without waiting for anything. */
export async function lookAtOnce(task: TaskHandle): Promise<Seen> {
  const { state, timestamps } = task
  const endedSync = task.waitSync({ timeout: 0 })
  const ended = await task.wait({ timeout: 0 })
  const started = await task.wait({ timeout: 0, for: 'RUNNING' })
  return { state, timestamps: Object.keys(timestamps), started, ended, endedSync }
}

/** Awaits a value, puts into it what cannot be cloned, and passes the handle on. */
export async function spoilAndPass(lane: Names, task: TaskHandle<Value>): Promise<string> {
  const value = (await task.result()) as { text: unknown }
  value.text = () => {}
  return lanes()[lane].run('awaitIt', [task])
}

/** Passes a handle on. */
export async function passOn(lane: Names, task: TaskHandle<string>): Promise<string> {
  return lanes()[lane].run('awaitText', [task])
}

/** Submits a task and has another lane wait for it. */
export async function makeAndPass(lane: Names, other: Names, after: number): Promise<string> {
  const task = lanes()[lane].submit('produceBusily', ['made', after])
  return lanes()[other].run('awaitText', [task])
}

export async function waitsToStart(task: TaskHandle): Promise<boolean> {
  return task.wait({ for: 'RUNNING' })
}

export async function waitsFor(task: TaskHandle, timeout: number): Promise<boolean> {
  return task.wait({ timeout })
}

export function cancelIt(task: TaskHandle, why: string): boolean {
  return task.cancel(why)
}

/** @param what the reason is, by its name in `UNREADABLE` */
export function cancelUnreadably(task: TaskHandle, what: string): void {
  task.cancel(UNREADABLE[what]!())
}

/** Gets a handle and drops it. */
export function drop(task: TaskHandle): string {
  return task.name
}

let kept: TaskHandle<string> | null = null
export function keep(task: TaskHandle<string>): void {
  kept = task
}

export async function awaitKept(): Promise<string> {
  return kept!.result()
}

let all: readonly TaskHandle<string>[] = []

export function keepAll(tasks: readonly TaskHandle<string>[]): void {
  all = tasks
}

export async function awaitFirst(): Promise<string> {
  return all[0]!.result()
}

export function forgetKept(): void {
  kept = null
}

/** Submits a task, gives its handle to another lane, and exits. */
export async function makeKeepAndExit(lane: Names, other: Names): Promise<void> {
  const task = lanes()[lane].submit('produceBusily', ['late', 100])
  await lanes()[other].run('keep', [task])
  process.exit(0)
}

export function exit(): never {
  process.exit(1)
}

export function big(megabytes: number): Uint8Array {
  return new Uint8Array(megabytes * 1_048_576).fill(7)
}

export async function sizeOf(task: TaskHandle<Uint8Array>): Promise<number> {
  return (await task.result()).byteLength
}

/** Signals that it runs, then waits for another task. */
export async function signalAndAwait(shared: SharedArrayBuffer, task: TaskHandle<string>): Promise<string> {
  const value = await task.result()
  Atomics.store(new Int32Array(shared), 0, 1)
  return value
}

export function signalAfterResultSync(shared: SharedArrayBuffer, task: TaskHandle<string>): string {
  const value = task.resultSync()
  Atomics.store(new Int32Array(shared), 0, 1)
  return value
}

/** What is inside a value, with H for each handle. */
export function shapeOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (typeof (value as TaskHandle).result === 'function') return `H${(value as TaskHandle).id}`
  if (value instanceof Map) return `Map(${[...value].map(entry => entry.map(shapeOf).join('>'))})`
  if (value instanceof Set) return `Set(${[...value].map(shapeOf)})`
  if (Array.isArray(value)) return `[${value.map(shapeOf)}]`
  return `{${Object.entries(value).map(([key, part]) => `${key}:${shapeOf(part)}`)}}`
}

export function giveBack(value: unknown): unknown {
  return value
}

export function submitAndReturn(): unknown {
  return { inside: [lanes().a.submit('produceAtOnce', ['x'])] }
}

/** Its result has a handle inside, and says but once that it is none itself. */
export function returnShy(): unknown {
  let isAsked = false
  const has = (): boolean => {
    if (isAsked) throw new RangeError('it was asked before')
    isAsked = true
    return false
  }
  return new Proxy({ inside: lanes().a.submit('produceAtOnce', ['x']) }, { has })
}

export function isItsOwn(value: { own: unknown; task: TaskHandle }): [isOwn: boolean, isHandle: boolean] {
  return [value.own === value, typeof value.task.result === 'function']
}

export function lengthOf(list: unknown): number {
  let length = 0
  for (let at = list as { next?: unknown } | undefined; at !== undefined; at = at.next as typeof at) length++
  return length
}
