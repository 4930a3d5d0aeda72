import { commitGroup } from './commit-group.js'
import { checkPlace } from './database-place.js'
import { SqlConnection } from './sql-connection.js'
import { SqlError } from './sql-database.js'
import { sqlDriver } from './sql-driver.js'
import type { StoreThreadData } from './store-thread-data.js'
import type { CommitOutcome, WriteOperation } from './write-operations.js'

/*
 * The task module of the write lane: the one connection that writes, on the one thread of the lane.
 *
 * After a failed transaction the log may hold frames of it behind its valid end, written and never confirmed. SQLite
 * passes over them; but a check of the log at the next start could take them for confirmed transactions that were
 * damaged (see wal-check.ts), and after a failed sync nobody knows what the disk holds. So the next transaction waits
 * until the log has been copied into the database and begun anew. While the disk is full that fails too, and the
 * store stays unavailable, as it has to be.
 *
 * The connection is kept where SQLite only lacked room or a lock, and opened anew after anything worse.
 */

let data: StoreThreadData
let connection: SqlConnection | null = null
/** Also at first: an earlier thread of the lane may have died in the middle of a transaction. */
let logIsSuspect = true

export function setup(workerData: StoreThreadData): void {
  data = workerData
}

export function teardown(): void {
  connection?.close()
  connection = null
}

/** Runs operations as one transaction, which is on disk when this returns. */
export function commit(operations: readonly WriteOperation[]): CommitOutcome {
  return attempted(open => {
    const outcomes = commitGroup(open, data.owner, operations)
    // Nothing is confirmed that nobody will find again.
    checkPlace(data)
    return { ok: true, outcomes }
  })
}

/** Copies the write-ahead log into the database and empties it. */
export function emptyLog(): CommitOutcome {
  return attempted(open => {
    open.emptyLog()
    return { ok: true, outcomes: [] }
  })
}

function attempted(run: (open: SqlConnection) => CommitOutcome): CommitOutcome {
  try {
    return run(usableConnection())
  } catch (error) {
    afterFailure(error)
    if (!(error instanceof SqlError)) throw error
    return { ok: false, code: error.code, message: error.message }
  }
}

function usableConnection(): SqlConnection {
  checkPlace(data)
  // Only opened here: a thread that failed in its setup for want of disk space would count as a crash of the lane.
  connection ??= new SqlConnection(sqlDriver(), data.file)
  if (logIsSuspect) {
    connection.emptyLog()
    logIsSuspect = false
  }
  return connection
}

function afterFailure(error: unknown): void {
  logIsSuspect = true
  const failed = connection
  const isSound = error instanceof SqlError && (error.is('SQLITE_FULL') || error.is('SQLITE_BUSY'))
  connection = isSound ? connection : null
  try {
    failed?.rollBack()
  } catch (failure) {
    connection = null
    throw failure
  } finally {
    if (connection === null) failed?.close()
  }
}
