/** A worker written by hand that sends another one a message at a time, and measures that. */
import { writeFileSync } from 'node:fs'
import { type MessagePort, parentPort, workerData } from 'node:worker_threads'
import { type Parking, whileParked } from '../parking.js'
import { sample } from '../sampling.js'

const { port, name } = workerData as { readonly port: MessagePort; readonly name: string }
// By its name the thread is found again, to be pinned.
if (process.platform === 'linux') writeFileSync('/proc/thread-self/comm', name)

let answered: (message: unknown) => void = () => {}
port.on('message', message => answered(message))

let sequence = 0
const trip = (): Promise<unknown> =>
  new Promise(resolve => {
    answered = resolve
    port.postMessage({ id: sequence++, name: 'empty', args: [] })
  })

type Request = readonly [parking: Parking, samples: number]

parentPort!.on('message', async ([parking, samples]: Request) => {
  const { p50, p99 } = await whileParked(parking, () => sample(samples, 0, trip))
  parentPort!.postMessage({ p50, p99 })
})
