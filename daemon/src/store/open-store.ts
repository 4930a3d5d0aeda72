import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { LaneOptions } from 'multilane'
import type { JobStore } from './job-store.js'
import { migrate, refuseNewer } from './sql/schema.js'
import { SqlConnection } from './sql/sql-connection.js'
import { SqlError } from './sql/sql-database.js'
import { sqlDriver } from './sql/sql-driver.js'
import { SqliteStore } from './sqlite-store.js'
import { StoreError } from './store-error.js'
import { storeLaneOptions, storeLanesOf } from './store-lanes.js'
import { acquireStoreLock } from './store-lock.js'
import { checkWal } from './wal-check.js'
import { WAL_HEADER_BYTES } from './wal-format.js'

const DATABASE_FILE = 'jobs.sqlite'

/** A store that this process has, checked and ready for the lanes that are to work on it. */
export interface OpenedStore {
  /** The database. */
  readonly file: string
  /** The lanes the store needs in the daemon's scheduler, by name. */
  readonly lanes: Readonly<Record<string, LaneOptions>>
  /**
   * The store, by the lanes of the scheduler that was started with {@link lanes} among its own.
   *
   * @throws TypeError if they are not there
   */
  connect(lanes: Readonly<Record<string, unknown>>): JobStore
  /** Tells those who find the store held where its holder listens. */
  announce(address: string): void
  /** Lets go of the store, once its lanes are closed. */
  release(): void
}

/**
 * Opens the store of a folder, or makes it: takes the lock, looks for damage, and brings the tables up to date. It
 * reads the whole database, on the calling thread.
 *
 * @param options.folder is made if it does not exist
 * @param options.owner names this run of the daemon, differently from every other run
 * @param options.now epoch milliseconds
 * @throws StoreError `held` if another daemon has it; `damaged` if it, or the log of its last transactions, cannot be
 *   trusted, or a newer multilaned wrote it; `unavailable` if it cannot be read or written just now
 */
export async function openStore(options: {
  readonly folder: string
  readonly owner: string
  readonly now?: number
}): Promise<OpenedStore> {
  const { folder, owner } = options
  makeFolder(folder)
  const lock = acquireStoreLock(folder, options.now ?? Date.now())
  const file = join(folder, DATABASE_FILE)
  try {
    const log = `${file}-wal`
    const isNew = sizeOf(file) === 0
    if (isNew) refuseLogAlone(log, file)
    checkWal(log)
    prepareDatabase(file, isNew)
    syncFolder(folder)
  } catch (error) {
    lock.release()
    throw error
  }
  return {
    file,
    lanes: storeLaneOptions(file, owner),
    connect: lanes => new SqliteStore(storeLanesOf(lanes)),
    announce: address => lock.announce(address),
    release: () => lock.release(),
  }
}

/**
 * Refuses the log of a database that is not there. SQLite would make a new database and throw the log away, which after
 * a crash may be all there is of jobs that were confirmed. A daemon that dies as it makes its first database leaves none:
 * the log gets its first frame after the database its first page.
 */
function refuseLogAlone(log: string, file: string): void {
  const bytes = sizeOf(log)
  if (bytes <= WAL_HEADER_BYTES) return
  throw new StoreError(
    'damaged',
    `${file}: it is empty or gone, and the log of its last transactions has ${bytes} bytes; opening the store would ` +
      `lose confirmed jobs. Restore the folder from a backup, or, to accept that loss, move ${log} away`,
  )
}

/** 0 if there is no such file. */
function sizeOf(file: string): number {
  try {
    return statSync(file, { throwIfNoEntry: false })?.size ?? 0
  } catch (error) {
    throw new StoreError('unavailable', `${file}: ${(error as Error).message}`, { cause: error })
  }
}

function prepareDatabase(file: string, isNew: boolean): void {
  let connection: SqlConnection | undefined
  try {
    connection = new SqlConnection(sqlDriver(), file)
    if (!isNew) {
      refuseNewer(connection, file)
      quickCheck(connection, file)
    }
    migrate(connection)
    // With salts of its own for this run: see wal-check.ts.
    connection.emptyLog()
  } catch (error) {
    if (error instanceof SqlError) throw openingError(error, file)
    throw error
  } finally {
    connection?.close()
  }
}

/** Looks at every page, and at the order of every tree. */
function quickCheck(connection: SqlConnection, file: string): void {
  // No more than the first fault: SQLite may stumble over a damaged page while it looks for others, and then tells of
  // none.
  const found = connection.statement('PRAGMA quick_check(1)').all()
  const faults = found.map(row => String(row.quick_check)).filter(fault => fault !== 'ok')
  if (faults.length > 0) throw damaged(file, faults.join('; '))
}

function openingError(error: SqlError, file: string): StoreError {
  if (error.is('SQLITE_CORRUPT') || error.is('SQLITE_NOTADB')) return damaged(file, error.message, error)
  return new StoreError('unavailable', `${file}: ${error.message} (${error.code})`, { cause: error })
}

function damaged(file: string, what: string, cause?: SqlError): StoreError {
  return new StoreError('damaged', `${file}: the database is damaged: ${what}; restore it from a backup`, {
    cause,
  })
}

function makeFolder(folder: string): void {
  try {
    makeFolders(folder)
  } catch (error) {
    throw new StoreError('unavailable', `${folder}: ${(error as Error).message}`, { cause: error })
  }
}

/** One after another: `mkdirSync` tries for ever, if it is to make them all, where there can be none, as in /proc. */
function makeFolders(folder: string): void {
  if (isFolder(folder)) return
  const parent = dirname(folder)
  if (parent !== folder) makeFolders(parent)
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another daemon may have made it just now.
    if (!isFolder(folder)) throw error
  }
  syncFolder(parent)
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** SQLite syncs its files, and not that there is a new one. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
