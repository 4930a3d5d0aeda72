import {
  type SqlDatabase,
  type SqlDriver,
  SqlError,
  type SqlRow,
  type SqlStatement,
  sqlCodeName,
} from './sql-database.js'

/** What is used of node:sqlite, which Node 20 and its types lack. */
interface NodeSqlite {
  readonly DatabaseSync: new (path: string, options: { readonly timeout: number }) => NodeDatabase
}

interface NodeDatabase {
  exec(sql: string): void
  prepare(sql: string): NodeStatement
  close(): void
}

interface NodeStatement {
  run(...values: readonly unknown[]): { readonly changes: number | bigint }
  get(...values: readonly unknown[]): SqlRow | undefined
  all(...values: readonly unknown[]): readonly SqlRow[]
}

/** The binding that comes with Node from 22.13 on; undefined where there is none. */
export function nodeSqliteDriver(): SqlDriver | undefined {
  const sqlite = process.getBuiltinModule('node:sqlite') as unknown as NodeSqlite | undefined
  if (sqlite === undefined) return undefined
  return {
    name: 'node:sqlite',
    open(path, busyTimeout) {
      return translated(() => {
        const database = new sqlite.DatabaseSync(path, { timeout: busyTimeout })
        // Releases before 24 know no `timeout` option and pass over it.
        database.exec(`PRAGMA busy_timeout = ${busyTimeout}`)
        return new NodeSqliteDatabase(database)
      })
    },
  }
}

class NodeSqliteDatabase implements SqlDatabase {
  readonly #database: NodeDatabase

  constructor(database: NodeDatabase) {
    this.#database = database
  }

  exec(sql: string): void {
    translated(() => this.#database.exec(sql))
  }

  prepare(sql: string): SqlStatement {
    const statement = translated(() => this.#database.prepare(sql))
    return {
      run: (...values) => translated(() => Number(statement.run(...values).changes)),
      get: (...values) => translated(() => statement.get(...values)),
      all: (...values) => translated(() => statement.all(...values)),
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
    if (error instanceof Error && 'errcode' in error && typeof error.errcode === 'number') {
      throw new SqlError(sqlCodeName(error.errcode), error.message, { cause: error })
    }
    throw error
  }
}
