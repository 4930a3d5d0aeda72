import { Worker } from 'node:worker_threads'
import type { Receiver } from './receiver.js'

/** A bare worker, for what the engine itself takes. */
export async function openWorker(): Promise<Receiver> {
  const worker = new Worker(new URL('../../tasks/module-worker.js', import.meta.url), {
    workerData: { module: new URL('../../tasks/buffer.js', import.meta.url).href },
  })
  const call = (message: readonly unknown[], transfer: readonly ArrayBuffer[] = []): Promise<unknown> =>
    new Promise(resolve => {
      worker.once('message', resolve)
      worker.postMessage(message, transfer)
    })
  await call(['empty'])
  return {
    empty: () => call(['empty']),
    sizeOf: (buffer, transfer) => call(['sizeOf', buffer], transfer ? [buffer] : []) as Promise<number>,
    collectGarbage: () => call(['collectGarbage']),
    close: () => worker.terminate(),
  }
}
