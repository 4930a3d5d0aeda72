/** A bare worker that imports a task module and calls its functions by name. */
import { parentPort, workerData } from 'node:worker_threads'

const { module } = workerData as { readonly module: string }
const tasks = (await import(module)) as Record<string, (...args: unknown[]) => unknown>
parentPort!.on('message', async ([name, ...args]: [string, ...unknown[]]) => {
  parentPort!.postMessage(await tasks[name]!(...args))
})
