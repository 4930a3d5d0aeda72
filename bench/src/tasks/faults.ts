/** Tasks by which things go wrong, on lanes and in pools alike: whatever they need is in one argument. */
import { MessagePort } from 'node:worker_threads'
import { monotonicNow } from '../monotonic-now.js'

/** Shared by a task and the one who submits it. */
export interface Stage {
  /** 1 at `STARTED` once the task runs, 1 at `OPEN` to let it end. */
  readonly gate: Int32Array
  /** The moment at which things went wrong, by the machine's monotonic clock. */
  readonly at: Float64Array
}

export const STARTED = 0
export const OPEN = 1

/** Never lets its thread be held for good, should the one who is to open the gate be gone. */
const LONGEST_MS = 120_000

export function newStage(): Stage {
  return {
    gate: new Int32Array(new SharedArrayBuffer(8)),
    at: new Float64Array(new SharedArrayBuffer(8)),
  }
}

export function pass(_stage: Stage): void {}

/** Holds the event loop until the gate opens, at no cost of processor time. */
export function hold({ gate }: Stage): void {
  Atomics.store(gate, STARTED, 1)
  Atomics.wait(gate, OPEN, 0, LONGEST_MS)
}

export function loop(_stage: Stage): void {
  for (;;);
}

export function exit({ at }: Stage): void {
  at[0] = monotonicNow()
  process.exit(7)
}

/** Fills the heap bit by bit. */
export function exhaustHeap(_stage: Stage): void {
  const kept: number[][] = []
  for (;;) kept.push([kept.length, 1, 2, 3])
}

let answers: MessagePort | undefined

/** From now on it is known on which port this thread answers: nobody hands out the library's own. */
export function tap(_stage: Stage): void {
  const { postMessage } = MessagePort.prototype
  MessagePort.prototype.postMessage = function (
    this: MessagePort,
    ...args: Parameters<typeof postMessage>
  ): void {
    if (Array.isArray(args[0])) answers = this
    postMessage.apply(this, args)
  }
}

/** Closes the port to whoever sent this, and does not answer. */
export async function closePort({ at }: Stage): Promise<void> {
  if (answers === undefined) throw new Error('nothing has been answered yet')
  at[0] = monotonicNow()
  answers.close()
  await new Promise(() => {})
}
