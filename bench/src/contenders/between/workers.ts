import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import type { Trips } from '../../tasks/lane-to-lane.js'
import { type BetweenContender, FAR, NEAR } from './contender.js'

/** Two workers with a bare port between them: what whoever writes it by hand stands on. */
export async function openWorkers(): Promise<BetweenContender> {
  const { port1, port2 } = new MessageChannel()
  const start = (file: string, name: string, port: typeof port1): Worker =>
    new Worker(new URL(`../../tasks/${file}.js`, import.meta.url), {
      workerData: { port, name },
      transferList: [port],
    })
  const near = start('trips-worker', NEAR, port1)
  const far = start('echo-worker', FAR, port2)
  await Promise.all([near, far].map(worker => new Promise(resolve => worker.once('online', resolve))))
  return {
    async trips(parking, samples) {
      // Rejects should the worker fail.
      const answer = once(near, 'message')
      near.postMessage([parking, samples])
      const [trips] = (await answer) as [Trips]
      return trips
    },
    close: () => Promise.all([near.terminate(), far.terminate()]),
  }
}
