import { setTimeout as sleep } from 'node:timers/promises'

/** Never lets a thread be parked for good, should the one who is to wake it be gone. */
const LONGEST_MS = 60_000
/** The thread that has said that it will park has, by then. */
const UNTIL_PARKED_MS = 2

/** What a thread that parks and the one that measures meanwhile tell each other. */
export type Parking = Int32Array

const READY = 0
const DONE = 1

export function newParking(): Parking {
  return new Int32Array(new SharedArrayBuffer(8))
}

/** On the thread that parks: blocks it, its event loop too, until the other has measured. */
export function park(parking: Parking): void {
  Atomics.store(parking, READY, 1)
  if (Atomics.wait(parking, DONE, 0, LONGEST_MS) === 'timed-out') throw new Error('parked for too long')
}

/** On the thread that would park: stays free. */
export function stayFree(parking: Parking): void {
  Atomics.store(parking, READY, 1)
}

/** On the thread that measures: begins when the other is parked, or free, and wakes it in the end. */
export async function whileParked<T>(parking: Parking, measure: () => Promise<T>): Promise<T> {
  while (Atomics.load(parking, READY) === 0) await sleep(1)
  await sleep(UNTIL_PARKED_MS)
  try {
    return await measure()
  } finally {
    Atomics.store(parking, DONE, 1)
    Atomics.notify(parking, DONE)
  }
}
