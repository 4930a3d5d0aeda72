import type { TaskHandle } from 'multilane'
import { currentTask } from 'multilane/task'

export * from './plain.js'

interface Count {
  count: number
}

export function make(): Count {
  return { count: 0 }
}

/** Counts in what it awaits. */
export async function countIn(task: TaskHandle<Count>): Promise<number> {
  return ++(await task.result()).count
}

/** Fails in its first attempt. */
export function countOf({ count }: Count): number {
  if (currentTask().attempt === 1) throw new RangeError('not in attempt 1')
  return count
}

/** Submits more to its own lane than has room there. @returns the code of what it is refused with, if it is */
export async function fill(): Promise<unknown> {
  const { own } = currentTask<typeof import('./clones.js'), 'own'>().lanes
  try {
    return await Promise.all([1, 2, 3].map(i => own.submit('echo', [i])).map(task => task.result()))
  } catch (error) {
    return (error as { code?: unknown }).code
  }
}
