import { type SqlDatabase, type SqlDriver, SqlError, type SqlStatement } from './sql-database.js'

const BUSY_TIMEOUT_MS = 5000
/** Negative: kibibytes. */
const CACHE_SIZE = -16_384
/**
 * A checkpoint copies pages and syncs the database, for milliseconds. Another connection does it in the background
 * (sqlite-store.ts), so that no transaction has to; but with writes coming without a pause it never finds the log all
 * copied, and the log would grow for ever. From this many pages on a transaction copies the little that is left.
 */
const AUTOCHECKPOINT_PAGES = 8000
/** What a log that once grew long is cut back to. */
const JOURNAL_SIZE_LIMIT = 64 * 1024 * 1024

/** A connection to the store's file with its prepared statements. */
export class SqlConnection {
  readonly #database: SqlDatabase
  readonly #statements = new Map<string, SqlStatement>()

  /** @throws SqlError */
  constructor(driver: SqlDriver, file: string) {
    this.#database = driver.open(file, BUSY_TIMEOUT_MS)
    try {
      for (const pragma of [
        'journal_mode = WAL',
        'synchronous = FULL',
        'temp_store = MEMORY',
        // So that a transaction that is taken back has left nothing in the log: see wal-check.ts.
        'cache_spill = OFF',
        `cache_size = ${CACHE_SIZE}`,
        `wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`,
        `journal_size_limit = ${JOURNAL_SIZE_LIMIT}`,
      ]) {
        this.#database.prepare(`PRAGMA ${pragma}`).all()
      }
    } catch (error) {
      this.#database.close()
      throw error
    }
  }

  /** The statement of that text, prepared once. */
  statement(sql: string): SqlStatement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = this.#database.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  /** Runs statements that answer nothing. */
  exec(sql: string): void {
    this.#database.exec(sql)
  }

  /** Ends a transaction that failed; it is no error if SQLite has rolled it back by itself. */
  rollBack(): void {
    try {
      this.statement('ROLLBACK').run()
    } catch (error) {
      if (!(error instanceof SqlError && /no transaction is active/.test(error.message))) throw error
    }
  }

  /**
   * Copies the write-ahead log into the database and empties it.
   *
   * @throws SqlError; `SQLITE_BUSY` if a reader was in the way for too long
   */
  emptyLog(): void {
    const answer = this.#database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()
    if (answer?.busy !== 0)
      throw new SqlError('SQLITE_BUSY', 'the write-ahead log is in use and cannot be emptied')
  }

  /** Copies of the write-ahead log what it can without being in anyone's way. @throws SqlError */
  checkpoint(): void {
    this.#database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
  }

  close(): void {
    this.#statements.clear()
    this.#database.close()
  }
}
