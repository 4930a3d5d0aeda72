import { currentTask, type TaskHandle } from 'multilane/task'

/** An object in an object, and so on. */
export interface Nested {
  readonly inner: Nested | null
}

export function nest(levels: number): Nested {
  let value: Nested = { inner: null }
  for (let level = 1; level < levels; level++) value = { inner: value }
  return value
}

export function levelsOf(value: Nested): number {
  let levels = 0
  for (let next: Nested | null = value; next !== null; next = next.inner) levels++
  return levels
}

export function echo(value: unknown): unknown {
  return value
}

export function throwNested(levels: number): never {
  throw Object.assign(new RangeError('deep'), { nested: nest(levels), code: 'E_DEEP' })
}

let calls = 0

/** How often this was called on its thread. */
export function count(): number {
  calls++
  return calls
}

type Lanes = Readonly<Record<string, { submit(name: string, args: readonly unknown[]): TaskHandle }>>

/** Gives another lane a deep argument, and what it has beside. */
export async function giveNested(
  lane: string,
  levels: number,
): Promise<[given: string, beside: unknown, after: unknown]> {
  const { [lane]: other } = currentTask()!.lanes as unknown as Lanes
  const given = other!.submit('levelsOf', [nest(levels)])
  const beside = other!.submit('echo', ['beside'])
  const outcome = await given.result().then(String, (error: { code: string }) => error.code)
  return [outcome, await beside.result(), await other!.submit('echo', ['after']).result()]
}

export async function levelsIn(task: TaskHandle<Nested>): Promise<number> {
  return levelsOf(await task.result())
}
