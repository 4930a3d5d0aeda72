/** Another thread that can be handed a buffer. */
export interface Receiver {
  empty(): Promise<unknown>
  /** @returns the size of what arrived */
  sizeOf(buffer: ArrayBuffer, transfer: boolean): Promise<number>
  collectGarbage(): Promise<unknown>
  close(): Promise<unknown>
}

export type ReceiverKind = 'lane' | 'worker'

export async function openReceiver(kind: ReceiverKind): Promise<Receiver> {
  return kind === 'lane' ? (await import('./lane.js')).openLane() : (await import('./worker.js')).openWorker()
}
