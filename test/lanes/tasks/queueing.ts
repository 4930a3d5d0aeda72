import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'

type Names = 'asking' | 'full'

const lanes = () => currentTask<typeof import('./queueing.js'), Names>().lanes

export async function pause(ms: number): Promise<string> {
  await sleep(ms)
  return 'paused'
}

/** Holds its loop until it is told to let go. */
export function hold(gate: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(gate), 0, 1)
  while (Atomics.load(new Int32Array(gate), 0) !== 2);
}

export function quick(): string {
  return 'quick'
}

/** What becomes of a task that is submitted to the lane `full`. */
export async function ask(): Promise<string> {
  try {
    return await lanes().full.run('quick')
  } catch (error) {
    return (error as { code: string }).code
  }
}

let task: TaskHandle<string> | null = null

/** Submits a task to the lane `full`, and says in which state it is. */
export function submitThere(): string {
  task = lanes().full.submit('quick')
  task.result().catch(() => {})
  return task.state
}

/** What has become of that. */
export async function resultThere(): Promise<string> {
  return await task!.result()
}

/** Fills the queue of the lane `full`, and takes its thread along. */
export function fillAndExit(count: number): never {
  for (let i = 0; i < count; i++) lanes().full.submit('quick')
  process.exit(0)
}

/** As `fillAndExit`, when its tasks have been sent. */
export async function fillAndExitLater(count: number): Promise<never> {
  for (let i = 0; i < count; i++) lanes().full.submit('quick')
  await sleep(30)
  process.exit(0)
}

/** Fills the queue of the lane `full` until there is no room. */
export function fill(): number {
  for (let count = 0; ; count++) {
    try {
      lanes()
        .full.submit('quick')
        .result()
        .catch(() => {})
    } catch {
      return count
    }
  }
}
