import { createSyncFn } from 'synckit'
import type { SyncContender } from './contender.js'

/** The function by itself in a worker of synckit's. */
export function openSynckit(): SyncContender {
  const call = createSyncFn<() => void>(new URL('../../tasks/empty-synckit.js', import.meta.url))
  // Its worker holds nothing, and ends with the process.
  return { call, close: async () => {} }
}
