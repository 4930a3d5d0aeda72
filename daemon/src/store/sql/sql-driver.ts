import { libsqlDriver } from './libsql.js'
import { nodeSqliteDriver } from './node-sqlite.js'
import type { SqlDriver } from './sql-database.js'

let found: SqlDriver | undefined

/** The binding to SQLite that this process has: Node's own, else libsql. */
export function sqlDriver(): SqlDriver {
  found ??= nodeSqliteDriver() ?? libsqlDriver()
  return found
}
