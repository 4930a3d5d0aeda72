import { currentTask, type TaskHandle } from 'multilane/task'

type Nesting = typeof import('./nesting.js')
type Names = 'a' | 'b'

const lanes = () => currentTask<Nesting, Names>().lanes

/** Calls the other lane, which calls this one, and so on; says through which lanes it went. */
export async function bounce(depth: number): Promise<string> {
  const { lane } = currentTask()
  if (depth === 0) return lane
  return lane + (await lanes()[lane === 'a' ? 'b' : 'a'].run('bounce', [depth - 1]))
}

/** As `bounce`, and throws at the end. */
export async function failInside(depth: number): Promise<string> {
  if (depth === 0) throw new RangeError('at the bottom')
  const { lane } = currentTask()
  return lanes()[lane === 'a' ? 'b' : 'a'].run('failInside', [depth - 1])
}

let given: (task: TaskHandle<string>) => void = () => {}

/** Waits for the task whose handle `give` brings. */
export async function waitForGiven(): Promise<string> {
  const task = await new Promise<TaskHandle<string>>(resolve => {
    given = resolve
  })
  return task.result()
}

export function give(task: TaskHandle<string>): void {
  given(task)
}

export async function waitFor(task: TaskHandle<string>): Promise<string> {
  return task.result()
}

/** As `waitForGiven`, but holds its loop while it waits. */
export async function waitForGivenSync(): Promise<string> {
  const task = await new Promise<TaskHandle<string>>(resolve => {
    given = resolve
  })
  return task.resultSync()
}

export function echo(value: number): number {
  return value
}
