import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'
import { blockAt, type Gate } from '../../support/gate.js'

type Deadlocking = typeof import('./deadlocking.js')
type Names = 'urgent' | 'bulk' | 'other'

const lanes = () => currentTask<Deadlocking, Names>().lanes

let given: (task: TaskHandle<string>) => void = () => {}

/** Waits for the task that `give` brings to this thread; says how that went. */
export async function waitForGiven(): Promise<string> {
  const task = await new Promise<TaskHandle<string>>(resolve => {
    given = resolve
  })
  return wait(task)
}

/** Brings the task of a handle that is given to whoever waits here. */
export function give(task: TaskHandle<string>): void {
  given(task)
}

export async function waitFor(task: TaskHandle<string>): Promise<string> {
  return wait(task)
}

async function wait(task: TaskHandle<string>): Promise<string> {
  return end(() => task.result())
}

/** @returns what was awaited, or why that was refused */
async function end(waiting: () => Promise<string>): Promise<string> {
  try {
    return await waiting()
  } catch (error) {
    const { code, cycle = [] } = error as { code: string; cycle?: readonly string[] }
    return [code, ...cycle].join('; ')
  }
}

export function note(log: SharedArrayBuffer, value: number, ms: number): string {
  const until = performance.now() + ms
  while (performance.now() < until);
  const ints = new Int32Array(log)
  ints[1 + Atomics.add(ints, 0, 1)] = value
  return `noted ${value}`
}

/** At its first attempt holds the loop at the gate, and fails. */
export function noteAtSecond(gate: Gate, log: SharedArrayBuffer, value: number): string {
  if (currentTask().attempt > 1) return note(log, value, 0)
  blockAt(gate)
  throw new Error('at first')
}

/** Holds the loop at the gate. */
export function holdAt(gate: Gate): void {
  blockAt(gate)
}

/** Submits a task to a lane and waits for it, while others of the lane's wait since before. */
export async function waitForNested(lane: Names, log: SharedArrayBuffer, value: number): Promise<string> {
  return lanes()[lane].run('note', [log, value, 1])
}

/** The same with a task of a key. */
export async function waitForKeyed(
  lane: Names,
  key: string,
  log: SharedArrayBuffer,
  value: number,
): Promise<string> {
  return end(() => lanes()[lane].run('note', [log, value, 0], { key }))
}

/** Waits for a task, but not for long. */
export async function waitBriefly(task: TaskHandle<string>, ms: number): Promise<boolean> {
  return task.wait({ timeout: ms })
}

/** Maps over a lane, one item after another there as there is room; the last of so many awaits the given task. */
export async function mapThere(lane: Names, count: number, ms: number): Promise<string> {
  const task = await new Promise<TaskHandle<string>>(resolve => {
    given = resolve
  })
  const items: Item[] = [...Array<Item>(count - 1).fill({ ms }), { ms, task }]
  return end(async () => (await lanes()[lane].map('itemOf', items)).join())
}

/** Submits notes of 0 and on to a lane, then maps notes over it that it awaits first. */
export async function mapBehind(
  lane: Names,
  log: SharedArrayBuffer,
  count: number,
  values: readonly number[],
) {
  const before = Array.from({ length: count }, (_, value) => lanes()[lane].submit('note', [log, value, 1]))
  const items = values.map(value => ({ log, value }))
  await lanes()[lane].map('noteItem', items)
  await Promise.all(before.map(task => task.result()))
}

export function noteItem({ log, value }: { log: SharedArrayBuffer; value: number }): string {
  return note(log, value, 1)
}

interface Item {
  readonly ms: number
  readonly task?: TaskHandle<string>
}

export async function itemOf({ ms, task }: Item): Promise<string> {
  await sleep(ms)
  return task === undefined ? 'slept' : wait(task)
}

export async function pause(ms: number): Promise<void> {
  await sleep(ms)
}

/** As `waitFor`, holding the loop. */
export function waitForSync(task: TaskHandle<string>): string {
  try {
    return task.resultSync()
  } catch (error) {
    const { code, cycle = [] } = error as { code: string; cycle?: readonly string[] }
    return [code, ...cycle].join('; ')
  }
}
