import { createRequire } from 'node:module'
import {
  type SqlDatabase,
  type SqlDriver,
  SqlError,
  type SqlRow,
  type SqlStatement,
  type SqlValue,
  sqlCodeName,
} from './sql-database.js'

/** What is used of libsql, whose own types are those of better-sqlite3. */
type LibsqlConstructor = new (path: string, options: { readonly timeout: number }) => LibsqlDatabase

interface LibsqlDatabase {
  exec(sql: string): void
  prepare(sql: string): LibsqlStatement
  close(): void
}

interface LibsqlStatement {
  /** Its values come as one array: a lone null would be taken for an object of named values. */
  run(values: readonly SqlValue[]): { readonly changes: number }
  all(values: readonly SqlValue[]): readonly SqlRow[]
}

/** The binding whose native part comes inside its npm package, for a Node without its own. */
export function libsqlDriver(): SqlDriver {
  // Loaded only here: where Node has a binding of its own the native part of this one is never needed.
  const Libsql = createRequire(import.meta.url)('libsql') as LibsqlConstructor
  return {
    name: 'libsql',
    open(path, busyTimeout) {
      return new LibsqlConnection(translated(() => new Libsql(path, { timeout: busyTimeout })))
    },
  }
}

class LibsqlConnection implements SqlDatabase {
  readonly #database: LibsqlDatabase

  constructor(database: LibsqlDatabase) {
    this.#database = database
  }

  exec(sql: string): void {
    translated(() => this.#database.exec(sql))
  }

  prepare(sql: string): SqlStatement {
    const statement = translated(() => this.#database.prepare(sql))
    return {
      run: (...values) => translated(() => statement.run(values).changes),
      // Its own `get` adds a property to the row, and leaves the statement open in the middle of a read.
      get: (...values) => translated(() => statement.all(values)[0]),
      all: (...values) => translated(() => statement.all(values)),
    }
  }

  close(): void {
    translated(() => this.#database.close())
  }
}

function translated<R>(call: () => R): R {
  try {
    return call()
  } catch (error) {
    throw sqlErrorOf(error)
  }
}

function sqlErrorOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  if ('rawCode' in error && typeof error.rawCode === 'number') {
    const named = 'code' in error && typeof error.code === 'string' && error.code.startsWith('SQLITE_')
    return new SqlError(named ? String(error.code) : sqlCodeName(error.rawCode), error.message, {
      cause: error,
    })
  }
  // A failure to open has its result code at the end of its text alone.
  const opening = /^ConnectionFailed\(.*: (\d+)"?\)$/s.exec(error.message)
  if (opening === null) return error
  return new SqlError(sqlCodeName(Number(opening[1])), error.message, { cause: error })
}
