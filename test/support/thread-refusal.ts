import { syncBuiltinESMExports } from 'node:module'
import threads, { type WorkerOptions } from 'node:worker_threads'

/** How an operating system refuses threads: shared memory, so that the supervisor's thread asks it too. */
export type Refusal = Int32Array

const REFUSES = 0
const REFUSED = 1

/** As Node throws it where the operating system has a limit. */
const newError = (): Error => Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' })

/** Has this thread ask whenever it is to make another, and that in turn. */
export function askBeforeThreads(refusal: Refusal): void {
  const { Worker } = threads
  threads.Worker = class extends Worker {
    constructor(file: string | URL, options: WorkerOptions = {}) {
      if (Atomics.load(refusal, REFUSES) === 1) {
        Atomics.add(refusal, REFUSED, 1)
        throw newError()
      }
      const asks = new URL('./threads-ask.js', import.meta.url).href
      const isSupervisor = options.name === 'multilane supervisor'
      super(
        file,
        isSupervisor
          ? { ...options, workerData: { ...options.workerData, refusal }, execArgv: ['--import', asks] }
          : options,
      )
    }
  }
  syncBuiltinESMExports()
}

/** One for all the schedulers that this thread starts from now on. */
export function newRefusal(): Refusal {
  const refusal = new Int32Array(new SharedArrayBuffer(8))
  askBeforeThreads(refusal)
  return refusal
}

/** From now on there are no more threads, or there are. */
export function refuseThreads(refusal: Refusal, refuses: boolean): void {
  Atomics.store(refusal, REFUSES, refuses ? 1 : 0)
}

/** How often one was asked for in vain. */
export function refusals(refusal: Refusal): number {
  return Atomics.load(refusal, REFUSED)
}
