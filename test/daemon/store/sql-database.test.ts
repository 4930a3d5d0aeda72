import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { libsqlDriver } from '#daemon/store/sql/libsql.js'
import { nodeSqliteDriver } from '#daemon/store/sql/node-sqlite.js'
import { type SqlDatabase, type SqlDriver, SqlError, sqlCodeName } from '#daemon/store/sql/sql-database.js'
import { sqlDriver } from '#daemon/store/sql/sql-driver.js'
import { withStoreFolder } from '../../support/daemon/store-folder.js'
import { thrownBy } from '../../support/rejection.js'
import { skipUnless } from '../../support/skip.js'

const test = suite('the bindings to SQLite')

const nodeSqlite = nodeSqliteDriver()
const whereNodeHasIt = skipUnless(nodeSqlite !== undefined, 'this Node has no node:sqlite')

type DriverTest = (driver: SqlDriver, folder: string) => void

function both(what: string, run: DriverTest): void {
  test(`libsql: ${what}`, () => withStoreFolder(async folder => run(libsqlDriver(), folder)))
  whereNodeHasIt(test)(`node:sqlite: ${what}`, () =>
    withStoreFolder(async folder => run(nodeSqlite!, folder)),
  )
}

function use(driver: SqlDriver, file: string, run: (database: SqlDatabase) => void): void {
  const database = driver.open(file, 0)
  try {
    run(database)
  } finally {
    database.close()
  }
}

both('values come back as they were', (driver, folder) => {
  use(driver, join(folder, 'a.sqlite'), database => {
    database.exec('CREATE TABLE t (a INTEGER, b REAL, c TEXT) STRICT')
    const insert = database.prepare('INSERT INTO t VALUES (?, ?, ?)')
    assert.is(insert.run(2 ** 45, 1760000000000.25, 'ü\u{1f600}'), 1)
    assert.is(insert.run(null, null, null), 1)
    const rows = database.prepare('SELECT * FROM t ORDER BY a DESC').all()
    assert.equal(
      rows.map(row => ({ ...row })),
      [
        { a: 2 ** 45, b: 1760000000000.25, c: 'ü\u{1f600}' },
        { a: null, b: null, c: null },
      ],
    )
    const one = database.prepare('SELECT c FROM t WHERE c IS ?')
    assert.equal({ ...one.get(null) }, { c: null })
    assert.is(one.get('nothing'), undefined)
    assert.is(database.prepare('UPDATE t SET a = 1').run(), 2)
  })
})

both('a look at the first row leaves no read open', (driver, folder) => {
  const file = join(folder, 'a.sqlite')
  use(driver, file, writer => {
    writer.prepare('PRAGMA journal_mode = WAL').all()
    writer.exec('CREATE TABLE t (a INTEGER) STRICT; INSERT INTO t VALUES (1), (2), (3)')
    use(driver, file, reader => {
      const select = reader.prepare('SELECT a FROM t')
      assert.is(select.get()?.a, 1)
      writer.exec('INSERT INTO t VALUES (4)')
      assert.is(writer.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy, 0)
      assert.is(select.all().length, 4)
    })
  })
})

both('what goes wrong has the name of its result code', (driver, folder) => {
  const file = join(folder, 'a.sqlite')
  const codeOf = (call: () => unknown): string => thrownBy(call, SqlError).code
  use(driver, file, database => {
    database.exec('CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT; INSERT INTO t VALUES (1)')
    const doubled = thrownBy(() => database.exec('INSERT INTO t VALUES (1)'), SqlError)
    assert.ok(doubled.is('SQLITE_CONSTRAINT'), doubled.code)
    assert.is(doubled.is('SQLITE_CON'), false)
    assert.is(
      codeOf(() => database.prepare('nonsense')),
      'SQLITE_ERROR',
    )
    const odd = thrownBy(() => database.prepare('INSERT INTO t VALUES (?)').run('text'), SqlError)
    assert.ok(odd.is('SQLITE_MISMATCH') || odd.is('SQLITE_CONSTRAINT'), odd.code)
    database.exec('BEGIN IMMEDIATE')
    use(driver, file, other => {
      assert.is(
        codeOf(() => other.exec('BEGIN IMMEDIATE')),
        'SQLITE_BUSY',
      )
    })
    database.exec('ROLLBACK')
  })
  const text = join(folder, 'text')
  writeFileSync(text, 'no database '.repeat(500))
  assert.is(
    codeOf(() => use(driver, text, database => database.prepare('SELECT * FROM sqlite_schema').all())),
    'SQLITE_NOTADB',
  )
  assert.is(
    codeOf(() => driver.open(join(folder, 'none', 'a.sqlite'), 0)),
    'SQLITE_CANTOPEN',
  )
})

test("Node's own binding is preferred where there is one", () => {
  assert.is(sqlDriver().name, nodeSqlite === undefined ? 'libsql' : 'node:sqlite')
})

test('a code is named by its kind', () => {
  assert.is(sqlCodeName(13), 'SQLITE_FULL')
  assert.is(sqlCodeName(778), 'SQLITE_IOERR_778')
  assert.is(sqlCodeName(99), 'SQLITE_UNKNOWN')
})

test.run()
