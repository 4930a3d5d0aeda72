import type { BulkKind } from './bulk-mix.js'
import type { SignedOrder } from './orders.js'

/** What is compared: something that runs urgent and bulk tasks on threads. */
export interface Engine {
  /** @returns the order's price in cents */
  urgent(order: SignedOrder): Promise<number>
  bulk(kind: BulkKind, path: string): Promise<unknown>
  /** Ends all threads. What still runs is given up, at the latest after `patience` ms. */
  close(patience: number): Promise<void>
}

/**
 * @param cores how many threads the bulk work gets
 * @param report told of errors that belong to no task
 */
export type StartEngine = (cores: number, report: (error: unknown) => void) => Promise<Engine>

export const URGENT_TASKS = new URL('./urgent-tasks.js', import.meta.url)
export const BULK_TASKS = new URL('./bulk-tasks.js', import.meta.url)
