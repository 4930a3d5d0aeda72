/** What the lanes of the store are given as `workerData`. */
export interface StoreThreadData {
  /** The database, an absolute path. */
  readonly file: string
  readonly owner: string
}
