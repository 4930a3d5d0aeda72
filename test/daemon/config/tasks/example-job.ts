import { currentTask } from 'multilane/task'

type Job = (input: unknown, context: object) => unknown

export interface ExampleEnd {
  readonly result: unknown
  readonly lines: readonly string[]
}

/** Calls a job's function as the daemon does. */
export async function runJob(module: string, exported: string, input: unknown): Promise<ExampleEnd> {
  const namespace = (await import(module)) as Readonly<Record<string, Job>>
  const lines: string[] = []
  const context = {
    id: '3b241101-e2bb-4255-8caf-4136c566a962',
    name: exported,
    attempt: 1,
    signal: currentTask().signal,
    log: (line: string) => lines.push(line),
  }
  const result = await namespace[exported]!(input, context)
  return { result: JSON.parse(JSON.stringify(result)), lines }
}

/** What `seen[0]` holds once {@link runCancelled} is done. */
export const STOPPED = 1
export const WENT_ON = 2

/** Calls a synchronous job when its task has been cancelled, and tells in shared memory whether it noticed. */
export async function runCancelled(
  module: string,
  exported: string,
  input: unknown,
  seen: Int32Array,
): Promise<void> {
  const namespace = (await import(module)) as Readonly<Record<string, Job>>
  const task = currentTask()
  while (!task.cancelled) Atomics.wait(seen, 0, 0, 1)
  try {
    namespace[exported]!(input, { log: () => undefined })
    Atomics.store(seen, 0, WENT_ON)
  } catch (error) {
    Atomics.store(seen, 0, String(error).includes('stopped') ? STOPPED : WENT_ON)
  }
}
