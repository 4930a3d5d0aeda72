import { setTimeout as sleep } from 'node:timers/promises'
import { openReceiver, type ReceiverKind } from '../contenders/buffer/receiver.js'
import { collectGarbage } from '../garbage.js'
import { sample } from '../sampling.js'
import type { Open } from './subject.js'

export interface TransferRequest {
  readonly bytes: number
  readonly samples: number
}

export interface TransferFigures {
  /** Medians, from the call to the result, in milliseconds: of an empty task, a transferred and a cloned buffer. */
  readonly empty: number
  readonly transferred: number
  readonly cloned: number
  /** Whether the buffer was gone here after each transfer, and arrived whole. */
  readonly detached: boolean
}

/** A new big buffer makes the engine collect garbage in the background; by then it has. */
const SETTLE_MS = 40
/** It is slow, and only there to be compared with. */
const CLONES = 2

export const open: Open<ReceiverKind, TransferRequest, TransferFigures> = async kind => {
  const receiver = await openReceiver(kind)
  /**
   * Times one call with a buffer at hand.
   *
   * To give the buffer of the call before back to the system takes longer than to hand one over, so that is done
   * first. Each page is written to: so it exists, and a copy would have to touch it.
   */
  const time = async <R>(bytes: number, call: (buffer: ArrayBuffer) => Promise<R>) => {
    collectGarbage()
    await receiver.collectGarbage()
    const buffer = new Uint8Array(bytes).fill(1).buffer
    await sleep(SETTLE_MS)
    const start = performance.now()
    const result = await call(buffer)
    return { overriddenDuration: performance.now() - start, result, left: buffer.byteLength }
  }
  return {
    async round({ bytes, samples }) {
      let detached = true
      // With the same pause before it as a transfer has, since a thread that has slept long wakes late.
      const empty = await sample(samples, 0, () => time(bytes, () => receiver.empty()))
      const transferred = await sample(samples, 0, async () => {
        const timed = await time(bytes, buffer => receiver.sizeOf(buffer, true))
        if (timed.left !== 0 || timed.result !== bytes) detached = false
        return timed
      })
      const cloned = await sample(CLONES, 0, () => time(bytes, buffer => receiver.sizeOf(buffer, false)))
      return { empty: empty.p50, transferred: transferred.p50, cloned: cloned.p50, detached }
    },
    close: () => receiver.close(),
  }
}
