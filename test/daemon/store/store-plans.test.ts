import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Claim } from '#daemon/store/job-store.js'
import { openStore } from '#daemon/store/open-store.js'
import { commitGroup } from '#daemon/store/sql/commit-group.js'
import { listJobs } from '#daemon/store/sql/list-jobs.js'
import { readDurations, readJob, readLog, readProfile, readText } from '#daemon/store/sql/read-jobs.js'
import { SqlConnection } from '#daemon/store/sql/sql-connection.js'
import { sqlDriver } from '#daemon/store/sql/sql-driver.js'
import type { WriteOperation } from '#daemon/store/sql/write-operations.js'
import { newJob } from '../../support/daemon/new-job.js'
import { withStoreFolder } from '../../support/daemon/store-folder.js'
import { ERROR } from './contract/store-test.js'

const test = suite('how the store looks for jobs')

/** Notes every statement that is asked for. */
class NotingConnection extends SqlConnection {
  readonly asked = new Set<string>()

  override statement(sql: string) {
    this.asked.add(sql)
    return super.statement(sql)
  }

  /** What SQLite would walk through row by row, for each statement that does. */
  scans(): readonly string[] {
    return [...this.asked]
      .filter(sql => /^\s*(SELECT|WITH|UPDATE|DELETE|INSERT)/.test(sql))
      .flatMap(sql => {
        const values = Array.from({ length: (sql.match(/\?/g) ?? []).length }, () => 0)
        const plan = super
          .statement(`EXPLAIN QUERY PLAN ${sql}`)
          .all(...(/\?1/.test(sql) ? [0, 0].slice(0, /\?2/.test(sql) ? 2 : 1) : values))
        return plan
          .map(step => String(step.detail))
          .filter(detail => /^SCAN (jobs|job_|keyed|idempotency)/.test(detail))
          .map(detail => `${detail}: ${sql}`)
      })
  }
}

async function withConnection(run: (connection: NotingConnection) => void): Promise<void> {
  await withStoreFolder(async folder => {
    const opened = await openStore({ folder, owner: 'owner' })
    const connection = new NotingConnection(sqlDriver(), opened.file)
    try {
      run(connection)
    } finally {
      connection.close()
      opened.release()
    }
  })
}

function writeAll(connection: SqlConnection): void {
  const [first, second] = [newJob({ claimed: true }), newJob({ input: '1' })]
  const operations: WriteOperation[] = [
    { kind: 'accept', group: [first, second], key: { key: 'k', fingerprint: 'f' } },
    { kind: 'accept', group: [first, second], key: { key: 'k', fingerprint: 'f' } },
    { kind: 'claim', lane: 'bulk', limit: 1, now: 500, number: 1 },
    { kind: 'claim', lane: 'bulk', limit: 1, now: 1000, number: 2 },
    { kind: 'start', id: first.id, start: { attempt: 1, startedAt: 1, process: null } },
    {
      kind: 'settle',
      id: first.id,
      settlement: { kind: 'again', attempt: 1, dueAt: 5000, error: ERROR, interrupted: true, log: '' },
    },
    {
      kind: 'settle',
      id: second.id,
      settlement: { kind: 'failed', attempt: 1, finishedAt: 5000, error: ERROR, log: '' },
    },
    { kind: 'release', ids: [second.id] },
    { kind: 'abandon', claims: [7], ids: [second.id] },
    { kind: 'recover' },
    { kind: 'cancel', id: first.id, now: 1 },
    { kind: 'retry', id: second.id, now: 1 },
    { kind: 'cancel', id: second.id, now: 9000 },
    { kind: 'sweep', finishedBefore: 2, keep: 100, limit: 10 },
    { kind: 'sweep', finishedBefore: 0, keep: 0, limit: 10 },
  ]
  for (const outcome of commitGroup(connection, 'owner', operations)) assert.is(outcome.ok, true)
}

test('no write looks at all jobs', async () => {
  await withConnection(connection => {
    writeAll(connection)
    // The few that are claimed, or have a process, or are swept are looked at one by one.
    const allowed = /USING (COVERING )?INDEX jobs_(claimed|process|finished)/
    assert.equal(
      connection.scans().filter(scan => !allowed.test(scan)),
      [],
    )
    assert.ok(connection.asked.size > 25)
  })
})

test('no look-up, page, profile or history of durations looks at all jobs', async () => {
  await withConnection(connection => {
    writeAll(connection)
    connection.asked.clear()
    readJob(connection, 'x')
    for (const text of ['input', 'result'] as const) readText(connection, 'x', text)
    readLog(connection, 'x')
    readProfile(connection, 'bulk', 1)
    readDurations(connection, 5)
    const page = { limit: 10, order: 'newest', now: 1 } as const
    for (const query of [
      { states: ['scheduled', 'failed'] },
      { name: 'report' },
      { lane: 'bulk' },
    ] as const) {
      listJobs(connection, { ...page, ...query }, null)
      listJobs(connection, { ...page, ...query, order: 'oldest' }, 5)
    }
    assert.equal(connection.scans(), [])
  })
})

test('a claim among a hundred thousand waiting jobs reads none that it does not take', async () => {
  await withConnection(connection => {
    const jobs = (count: number, changes: object): WriteOperation => ({
      kind: 'accept',
      group: Array.from({ length: count }, () => newJob(changes)),
      key: null,
    })
    commitGroup(connection, 'owner', [
      jobs(50_000, { priority: 5, dueAt: 1e12 }),
      jobs(50_000, { priority: 5, lane: 'other' }),
      jobs(10, {}),
    ])
    const started = performance.now()
    for (let number = 0; number < 10; number++) {
      const [claim] = commitGroup(connection, 'owner', [
        { kind: 'claim', lane: 'bulk', limit: 1, now: 2000, number },
      ])
      assert.ok(claim?.ok && (claim.answer as Claim).jobs.length === 1)
    }
    assert.ok(performance.now() - started < 5000)
  })
})

test.run()
