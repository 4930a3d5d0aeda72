import type { TaskHandle } from 'multilane/task'

/** Bulk work: holds its thread for so many milliseconds. */
export function work(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** Waits for another task. */
export async function waitFor(task: TaskHandle<void>): Promise<void> {
  await task.result()
}
