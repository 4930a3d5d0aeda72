/** The little of SQLite that the store needs, whichever binding brings it. */

export type SqlValue = string | number | null
export type SqlRow = Readonly<Record<string, SqlValue>>

/** Of a text that is read, all bindings give what is before its first NUL, and some no more. */
export interface SqlStatement {
  /** Runs it to its end. @returns how many rows it changed */
  run(...values: readonly SqlValue[]): number
  /** Its first row. */
  get(...values: readonly SqlValue[]): SqlRow | undefined
  all(...values: readonly SqlValue[]): readonly SqlRow[]
}

/** One connection. Every method throws SqlError. */
export interface SqlDatabase {
  /** Runs statements that answer nothing. */
  exec(sql: string): void
  prepare(sql: string): SqlStatement
  close(): void
}

/** A binding to SQLite. */
export interface SqlDriver {
  readonly name: 'node:sqlite' | 'libsql'
  /**
   * Opens a file, or makes it.
   *
   * @param path absolute
   * @param busyTimeout milliseconds to wait for another connection's lock
   * @throws SqlError
   */
  open(path: string, busyTimeout: number): SqlDatabase
}

/** What SQLite refused to do. */
export class SqlError extends Error {
  /** The name of SQLite's extended result code, such as `SQLITE_FULL` or `SQLITE_IOERR_WRITE`. */
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'SqlError'
    this.code = code
  }

  /** Whether its code is this one or one of its extended kinds: `SQLITE_IOERR` covers `SQLITE_IOERR_WRITE`. */
  is(code: string): boolean {
    return this.code === code || this.code.startsWith(`${code}_`)
  }
}

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html: the low byte of every extended one. */
const PRIMARY_CODES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  2: 'SQLITE_INTERNAL',
  3: 'SQLITE_PERM',
  4: 'SQLITE_ABORT',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  15: 'SQLITE_PROTOCOL',
  17: 'SQLITE_SCHEMA',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  21: 'SQLITE_MISUSE',
  22: 'SQLITE_NOLFS',
  23: 'SQLITE_AUTH',
  25: 'SQLITE_RANGE',
  26: 'SQLITE_NOTADB',
}

/** The name of a result code, extended ones by their primary code and number: `SQLITE_IOERR_778`. */
export function sqlCodeName(code: number): string {
  const primary = PRIMARY_CODES[code & 0xff] ?? 'SQLITE_UNKNOWN'
  return code > 0xff ? `${primary}_${code}` : primary
}
