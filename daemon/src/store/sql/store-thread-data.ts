import type { DatabasePlace } from './database-place.js'

/** What the lanes of the store are given as `workerData`. */
export interface StoreThreadData extends DatabasePlace {
  readonly owner: string
}
