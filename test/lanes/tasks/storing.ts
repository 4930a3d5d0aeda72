import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask } from 'multilane/task'
import { collectGarbage } from '../../support/garbage.js'

const STORAGE = new AsyncLocalStorage<string>()

/** What it finds in the storage. */
export function find(): string | undefined {
  return STORAGE.getStore()
}

/** Enters something, and ends at once. */
export function enter(text: string): void {
  STORAGE.enterWith(text)
}

/** Enters something, and ends after a while. */
export async function enterAndSleep(text: string): Promise<void> {
  STORAGE.enterWith(text)
  await sleep(1)
}

/** Enters something, and has a task run that has its result called back. @returns what the callback finds */
export function enterAndCall(text: string, wait: 'blocks' | 'awaits'): Promise<string | undefined> {
  return STORAGE.run(text, () => {
    const { lanes } = currentTask()
    return new Promise(resolve => {
      const called = lanes.b!.submit('find', [], { onDone: () => resolve(find()) })
      if (wait === 'blocks') lanes.b!.submit('find').resultSync()
      void called
    })
  })
}

/** As `enterAndCall`, by the time-out of a task. */
export function enterAndTimeOut(text: string): Promise<string | undefined> {
  return STORAGE.run(text, () => {
    const { lanes } = currentTask()
    return new Promise(resolve => {
      lanes.b!.submit('find', [], {
        delay: 10_000,
        deadline: Date.now() + 20,
        onTimeout: () => resolve(find()),
      })
    })
  })
}

const ARGUMENTS: WeakRef<object>[] = []

/** Has lanes reached for the first time while it runs, the second in the midst of a synchronous wait. */
export function reach(argument: object): void {
  ARGUMENTS.push(new WeakRef(argument))
  const { lanes } = currentTask()
  lanes.b!.submit('find').resultSync()
  lanes.c!.submit('find').resultSync()
}

/** How many arguments of `reach` are still held by something. */
export function countHeld(): number {
  collectGarbage()
  return ARGUMENTS.filter(argument => argument.deref() !== undefined).length
}

/** Enters something, and returns what is no promise but has a `then`. @returns what that finds, and in which task */
export function queryLater(text: string): PromiseLike<readonly [string, string | undefined]> {
  STORAGE.enterWith(text)
  return {
    // biome-ignore lint/suspicious/noThenProperty: as a query builder has one
    then: (onFulfilled: (seen: readonly [string, string | undefined]) => unknown) =>
      onFulfilled([currentTask().name, find()]),
  } as never
}

/** @returns what a listener of its signal finds, once it is cancelled */
export function listen(text: string, seen: Int32Array): Promise<void> {
  STORAGE.enterWith(text)
  return new Promise(resolve => {
    currentTask().signal.addEventListener('abort', () => {
      Atomics.store(seen, 0, currentTask().name === 'listen' ? 1 : 2)
      resolve()
    })
  })
}

const INTERVALS: NodeJS.Timeout[] = []

/** As `reach`, and leaves a timer behind. */
export function leaveTimer(argument: object): void {
  ARGUMENTS.push(new WeakRef(argument))
  INTERVALS.push(setInterval(() => {}, 1_000_000).unref())
}
