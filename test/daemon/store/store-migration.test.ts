import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MIGRATIONS } from '#daemon/store/sql/schema.js'
import { sqlDriver } from '#daemon/store/sql/sql-driver.js'
import { newJob } from '../../support/daemon/new-job.js'
import { startStore, withStoreFolder } from '../../support/daemon/store-folder.js'

const test = suite('stores of earlier versions')

/** A store of that version, closed in good order. */
function storeOfVersion(version: number, folder: string, content: string): void {
  const database = sqlDriver().open(join(folder, 'jobs.sqlite'), 1000)
  const schema = MIGRATIONS.slice(0, version).join('\n')
  database.exec(`${schema} ${content} PRAGMA user_version = ${version};`)
  database.close()
}

const JOBS_OF_VERSION_1 = `
INSERT INTO jobs (
  sequence, id, name, lane, priority, source, cost, state, ready, attempt, interruptions, accepted_at, scheduled_at,
  due_at, started_at, finished_at
) VALUES
  (1, 'past', 'report', 'bulk', 0, 'v1', 1, 'succeeded', NULL, 1, 0, 1000, 1000, 1000, 1500, 2000),
  (2, 'late', 'report', 'bulk', 0, 'v1', 1, 'succeeded', NULL, 1, 0, 1000, 1000, 1000, 1500, 5000),
  (3, 'next', 'report', 'bulk', 0, 'v1', 1, 'waiting', 0, 0, 0, 1000, 1000, 1e12, NULL, NULL);
INSERT INTO job_inputs VALUES (3, '"in"');
INSERT INTO job_outputs VALUES (1, '1', 'one'), (2, '2', 'two');
INSERT INTO idempotency_keys VALUES
  ('gone', 'f', '["lost"]', 1000),
  ('past', 'f', '["past"]', 1000),
  ('late', 'f', '["lost","late"]', 1000),
  ('both', 'f', '["past","next"]', 1000);
`

test('a store of version 1 has all its jobs, and holds the keys of those', async () => {
  await withStoreFolder(async folder => {
    storeOfVersion(1, folder, JOBS_OF_VERSION_1)
    const { store, close } = await startStore(folder)
    try {
      const { jobs } = await store.list({ limit: 10, order: 'oldest', now: 6000 })
      assert.equal(
        jobs.map(({ id, state }) => `${id} ${state}`),
        ['past succeeded', 'late succeeded', 'next waiting'],
      )
      assert.equal(
        [await store.input('next'), await store.result('past'), await store.log('late')],
        ['"in"', '1', 'two'],
      )
      assert.is((await store.claim('bulk', 1, 1e13)).jobs[0]?.id, 'next')
      assert.is(await store.cancel('next', 6000), 'claimed')
      assert.is(await store.sweep(3000, 100, 100), 1)
      const kinds: Record<string, string> = {}
      for (const key of ['gone', 'past', 'late', 'both'])
        kinds[key] = (await store.accept([newJob({ dueAt: 1e12 })], { key, fingerprint: 'f' })).kind
      assert.equal(kinds, { gone: 'accepted', past: 'accepted', late: 'repeated', both: 'repeated' })
    } finally {
      await close()
    }
  })
})

test.run()
