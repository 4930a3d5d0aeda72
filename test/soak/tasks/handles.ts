import { currentTask, type TaskHandle } from 'multilane/task'
import { usedHeap } from '../used-heap.js'

type Handles = typeof import('./handles.js')
type Names = 'a' | 'b' | 'c'

export function make(value: number): { readonly value: number; readonly text: string } {
  if (value % 50 === 49) throw new RangeError('one that fails')
  return { value, text: 'some text to be kept' }
}

type Made = TaskHandle<ReturnType<typeof make>>

export function drop(task: Made): number {
  return task.id
}

export async function awaitIt(task: Made): Promise<string> {
  try {
    return (await task.result()).text
  } catch (error) {
    return (error as Error).name
  }
}

export async function passOn(to: Names, how: 'drop' | 'awaitIt', task: Made): Promise<unknown> {
  return currentTask<Handles, Names>().lanes[to].run(how, [task])
}

/** Submits a task of its own, and has another lane wait for it. */
export async function makeAndPass(to: Names, value: number): Promise<string> {
  const { lanes } = currentTask<Handles, Names>()
  return lanes.a.run('awaitIt', [lanes[to].submit('make', [value])])
}

/** The heap that is used on the thread when what is garbage has been collected. */
export async function heap(): Promise<number> {
  for (let i = 0; i < 2; i++) {
    usedHeap()
    await new Promise(setImmediate)
  }
  return usedHeap()
}
