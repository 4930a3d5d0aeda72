import { LaneRun } from './lane-run.js'
import { SyncCell } from './sync-cell.js'

/** One attempt at a `SyncTask`, as its lane sees it. */
export class PoolRun extends LaneRun {
  readonly cell = new SyncCell()
  /** Ends the thread. */
  readonly kill = new AbortController()
  /** Whether a thread is taken up by it. It gives that back before the last of it has gone, if the thread is ended. */
  hasThread = true
  /** Somebody waits for its start. */
  isWatched = false
}
