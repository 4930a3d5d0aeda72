import { queryObjects } from 'node:v8'
import { currentTask, type TaskHandle } from 'multilane/task'
import { heldPorts } from '../../support/open-ports.js'

type Handles = typeof import('./handles.js')
type Names = 'a' | 'b' | 'c'

export function make(value: number): { readonly value: number; readonly text: string } {
  if (value % 50 === 49) throw new RangeError('one that fails')
  return { value, text: 'some text to be kept' }
}

type Made = TaskHandle<ReturnType<typeof make>>

/** That of the handles on this thread. */
let handleClass: (new (...args: never[]) => object) | null = null

export function drop(task: Made): number {
  handleClass = task.constructor as new (...args: never[]) => object
  return task.id
}

export async function awaitIt(task: Made): Promise<string> {
  handleClass = task.constructor as new (...args: never[]) => object
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

/** What there is on the thread when what is garbage has been collected. */
export interface Kept {
  readonly ports: number
  /** Those of tasks, that the thread was given or has got by submitting them. */
  readonly handles: number
}

export async function kept(): Promise<Kept> {
  const ports = await heldPorts()
  return { ports, handles: handleClass === null ? 0 : queryObjects(handleClass, { format: 'count' }) }
}
