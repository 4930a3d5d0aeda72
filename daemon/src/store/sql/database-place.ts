import { statSync } from 'node:fs'
import { SqlError } from './sql-database.js'

/** A database that is to stay where it is. */
export interface DatabasePlace {
  /** An absolute path. */
  readonly file: string
  /** Which file was there when the store was opened. */
  readonly identity: string
}

/** Where a database is, and which one. @throws SqlError `SQLITE_CANTOPEN` if there is none */
export function placeOf(file: string): DatabasePlace {
  return { file, identity: identityOf(file) }
}

/**
 * SQLite does not notice that its file was deleted or replaced, and goes on writing to what nobody will find again.
 *
 * @throws SqlError `SQLITE_CANTOPEN` if the database is not there any more, or is another
 */
export function checkPlace({ file, identity }: DatabasePlace): void {
  if (identityOf(file) === identity) return
  throw new SqlError(
    'SQLITE_CANTOPEN',
    `another file has taken the place of ${file} while it was in use; start multilaned anew to use that`,
  )
}

function identityOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true })
  if (found !== undefined) return `${found.dev}:${found.ino}`
  throw new SqlError('SQLITE_CANTOPEN', `${file} is gone; put it back, or start multilaned anew`)
}
