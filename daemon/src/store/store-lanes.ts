import type { LaneOptions } from 'multilane'
import type { StoreThreadData } from './sql/store-thread-data.js'

/** The lanes of the embedded store, in the daemon's scheduler. No lane of a configuration may be named so. */
export const WRITE_LANE = 'store-write'
export const READ_LANE = 'store-read'

/**
 * What the scheduler is to be told of the store's lanes.
 *
 * @param file the database, as `openStore` returned it
 * @param owner names this run of the daemon, differently from every other run
 */
export function storeLaneOptions(
  file: string,
  owner: string,
): Record<typeof WRITE_LANE | typeof READ_LANE, LaneOptions> {
  const workerData: StoreThreadData = { file, owner }
  const lane = {
    priority: 'user-visible',
    os: 'normal',
    threads: 1,
    concurrency: 1,
    // Without its store the daemon can do nothing: a thread that keeps dying is worth another try.
    restart: { max: 1000, within: 10_000 },
    workerData,
  } as const
  return {
    [WRITE_LANE]: { ...lane, tasks: new URL('./sql/write-tasks.js', import.meta.url) },
    [READ_LANE]: { ...lane, tasks: new URL('./sql/read-tasks.js', import.meta.url) },
  }
}
