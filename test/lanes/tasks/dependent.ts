import { currentTask, type TaskHandle } from 'multilane/task'

export { fail, never, produce, produceAtOnce } from './handed.js'

type Dependent = typeof import('./dependent.js')
type Names = 'a' | 'b'

/** Has a task of a lane start after one that was handed over; tells whether that one was done by then. */
export async function startAfter(lane: Names, task: TaskHandle): Promise<[text: string, state: string]> {
  const { lanes } = currentTask<Dependent, Names>()
  return [await lanes[lane].run('produceAtOnce', ['after'], { after: [task] }), task.state]
}
