import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { type SqlDatabase, SqlError } from './sql/sql-database.js'
import { sqlDriver } from './sql/sql-driver.js'
import { StoreError } from './store-error.js'

/*
 * The lock is SQLite's own, on a database of its own in which nothing is ever written: a transaction is begun there
 * and never ended. The system gives that lock up when the process dies, however it dies, and not before; so there is
 * nothing to steal, no age to guess at, and no number of a process to look up that may by now be another's. Who holds
 * it is told by a text file beside it, which decides nothing.
 */

const LOCK_FILE = 'lock.sqlite'
const HOLDER_FILE = 'lock.json'

/** Whom to ask about a store. */
export interface LockHolder {
  readonly pid: number
  readonly host: string
  /** Since when it holds the store, as ISO 8601. */
  readonly since: string
  /** Where it listens; null as long as it does not. */
  readonly address: string | null
}

export interface StoreLock {
  /** Tells those who find the store held where its holder listens. */
  announce(address: string): void
  release(): void
}

/**
 * Makes this process the only one that has the store, for as long as it lives or until it lets go.
 *
 * @param folder the store's, which exists
 * @param now epoch milliseconds
 * @throws StoreError `held` if another has it, in this process or another; it names that one. `unavailable` if the
 *   lock's file cannot be made or read
 */
export function acquireStoreLock(folder: string, now: number): StoreLock {
  const database = lockedDatabase(folder)
  const holder: LockHolder = {
    pid: process.pid,
    host: hostname(),
    since: new Date(now).toISOString(),
    address: null,
  }
  let released = false
  const release = (): void => {
    if (released) return
    released = true
    try {
      rmSync(join(folder, HOLDER_FILE), { force: true })
    } finally {
      database.exec('ROLLBACK')
      database.close()
    }
  }
  try {
    writeHolder(folder, holder)
  } catch (error) {
    release()
    throw new StoreError('unavailable', `${join(folder, HOLDER_FILE)}: ${(error as Error).message}`, {
      cause: error,
    })
  }
  return { announce: address => writeHolder(folder, { ...holder, address }), release }
}

function lockedDatabase(folder: string): SqlDatabase {
  const file = join(folder, LOCK_FILE)
  let database: SqlDatabase | undefined
  try {
    database = sqlDriver().open(file, 0)
    // Nothing is ever written, so there is nothing to take back either, and no journal has to lie about for it.
    database.prepare('PRAGMA journal_mode = MEMORY').all()
    database.exec('BEGIN IMMEDIATE')
    return database
  } catch (error) {
    database?.close()
    if (!(error instanceof SqlError)) throw error
    if (error.is('SQLITE_BUSY')) throw new StoreError('held', heldBy(folder), { cause: error })
    throw new StoreError('unavailable', `${file}: ${error.message} (${error.code})`, { cause: error })
  }
}

/** A reader sees the old text or the new one, whole. */
function writeHolder(folder: string, holder: LockHolder): void {
  const file = join(folder, HOLDER_FILE)
  writeFileSync(`${file}.new`, `${JSON.stringify(holder)}\n`)
  renameSync(`${file}.new`, file)
}

function heldBy(folder: string): string {
  const advice = 'stop that daemon first, or give this one another folder with --data'
  const holder = readHolder(folder)
  if (holder === undefined) return `${folder}: another daemon has this store; ${advice}`
  const { pid, host, since, address } = holder
  const where = address === null ? '' : `, listening on ${address}`
  return `${folder}: process ${pid} on ${host} has had this store since ${since}${where}; ${advice}`
}

/** Undefined if it cannot be told: the holder has only just taken the lock, or a person has changed the file. */
function readHolder(folder: string): LockHolder | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(join(folder, HOLDER_FILE), 'utf8'))
    return isHolder(holder) ? holder : undefined
  } catch (error) {
    if (error instanceof SyntaxError || (error instanceof Error && 'code' in error)) return undefined
    throw error
  }
}

function isHolder(value: unknown): value is LockHolder {
  return (
    typeof value === 'object' &&
    value !== null &&
    'pid' in value &&
    typeof value.pid === 'number' &&
    'host' in value &&
    typeof value.host === 'string' &&
    'since' in value &&
    typeof value.since === 'string' &&
    'address' in value &&
    (value.address === null || typeof value.address === 'string')
  )
}
