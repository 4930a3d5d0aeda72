import type { Lane, LaneOptions } from 'multilane'
import { placeOf } from './sql/database-place.js'
import type * as readTasks from './sql/read-tasks.js'
import type { StoreThreadData } from './sql/store-thread-data.js'
import type * as writeTasks from './sql/write-tasks.js'

/** The lanes of the embedded store, in the daemon's scheduler. No lane of a configuration may be named so. */
export const WRITE_LANE = 'store-write'
/** For what looks up one job. */
export const READ_LANE = 'store-read'
/** For what goes through many, and for moving the log into the database: nobody's look-up waits behind it. */
export const SCAN_LANE = 'store-scan'

/** The store's lanes, started. */
export interface StoreLanes {
  readonly write: Lane<typeof writeTasks>
  readonly read: Lane<typeof readTasks>
  readonly scan: Lane<typeof readTasks>
}

/**
 * What the scheduler is to be told of the store's lanes.
 *
 * @param file the database, as `openStore` returned it
 * @param owner names this run of the daemon, differently from every other run
 */
export function storeLaneOptions(
  file: string,
  owner: string,
): Record<typeof WRITE_LANE | typeof READ_LANE | typeof SCAN_LANE, LaneOptions> {
  const workerData: StoreThreadData = { ...placeOf(file), owner }
  const lane = {
    priority: 'user-visible',
    os: 'normal',
    threads: 1,
    concurrency: 1,
    // Without its store the daemon can do nothing: a thread that keeps dying is worth another try.
    restart: { max: 1000, within: 10_000 },
    workerData,
  } as const
  const reading = { ...lane, tasks: new URL('./sql/read-tasks.js', import.meta.url) }
  return {
    [WRITE_LANE]: { ...lane, tasks: new URL('./sql/write-tasks.js', import.meta.url) },
    [READ_LANE]: reading,
    [SCAN_LANE]: reading,
  }
}

/**
 * @param lanes of a scheduler that was started with these among its own
 * @throws TypeError if they are not there
 */
export function storeLanesOf(lanes: Readonly<Record<string, unknown>>): StoreLanes {
  return {
    write: laneOf<typeof writeTasks>(lanes, WRITE_LANE),
    read: laneOf<typeof readTasks>(lanes, READ_LANE),
    scan: laneOf<typeof readTasks>(lanes, SCAN_LANE),
  }
}

function laneOf<M>(lanes: Readonly<Record<string, unknown>>, name: string): Lane<M> {
  const lane = lanes[name]
  if (lane === undefined)
    throw new TypeError(`the scheduler has no lane '${name}': start it with the store's \`lanes\` too`)
  return lane as Lane<M>
}
