import { StoreError } from '../store-error.js'
import type { SqlConnection } from './sql-connection.js'

/*
 * What stands in a row of `jobs` for every state:
 *
 *   state      claimed_by   ready    meaning
 *   waiting    null         0        not due when last looked at; found by its time in jobs_timed
 *   waiting    null         1        due; found by its turn in jobs_ready
 *   waiting    an owner     null     claimed, not started
 *   running    an owner     null
 *   final      null         null
 *
 * A claim first turns the jobs whose time has come from 0 to 1, so that neither index ever leads it past jobs it
 * cannot take, however many wait.
 *
 * `process` is kept after an interruption until the next start: see recoverJobs. `claim_number` tells which claim
 * took the job: see abandonClaims. `swept` keeps sequences from being given twice once the latest job is forgotten.
 * `jobs_kept` of an idempotency key counts its jobs in `keyed_jobs`, those that are not forgotten yet: a key outlives
 * them all, and none that is held by a job is in the way of a sweep.
 * Large texts are in tables of their own, so that lists read little.
 */
const VERSION_1 = `
CREATE TABLE jobs (
  sequence INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  lane TEXT NOT NULL,
  priority INTEGER NOT NULL,
  source TEXT NOT NULL,
  cost REAL NOT NULL,
  state TEXT NOT NULL,
  ready INTEGER,
  claimed_by TEXT,
  claim_number INTEGER,
  attempt INTEGER NOT NULL,
  interruptions INTEGER NOT NULL,
  accepted_at REAL NOT NULL,
  scheduled_at REAL NOT NULL,
  due_at REAL NOT NULL,
  started_at REAL,
  finished_at REAL,
  error TEXT,
  process TEXT
) STRICT;
CREATE INDEX jobs_ready ON jobs (lane, priority DESC, sequence) WHERE ready = 1;
CREATE INDEX jobs_timed ON jobs (lane, due_at) WHERE ready = 0;
CREATE INDEX jobs_claimed ON jobs (lane) WHERE claimed_by IS NOT NULL;
CREATE INDEX jobs_process ON jobs (sequence) WHERE process IS NOT NULL;
CREATE INDEX jobs_by_state ON jobs (state, lane, sequence);
CREATE INDEX jobs_by_name ON jobs (name, sequence);
CREATE INDEX jobs_finished ON jobs (finished_at, sequence) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_succeeded ON jobs (name, finished_at) WHERE state = 'succeeded';
CREATE TABLE swept (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  last_sequence INTEGER NOT NULL
) STRICT;
INSERT INTO swept VALUES (1, 0);
CREATE TABLE job_inputs (
  sequence INTEGER PRIMARY KEY,
  input TEXT NOT NULL
) STRICT;
CREATE TABLE job_outputs (
  sequence INTEGER PRIMARY KEY,
  result TEXT,
  log TEXT NOT NULL
) STRICT;
CREATE TABLE idempotency_keys (
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  ids TEXT NOT NULL,
  accepted_at REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (accepted_at);
CREATE TABLE probes (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL
) STRICT;
INSERT INTO probes VALUES (1, 0);
`

/**
 * Jobs in somebody's hands that are to be cancelled, and may not know it yet: whoever asked was told that they will be,
 * so they must not be taken up again should their holder die.
 */
const VERSION_2 = `
CREATE TABLE cancel_requests (
  sequence INTEGER PRIMARY KEY,
  requested_at REAL NOT NULL
) STRICT;
`

const VERSION_3 = `
CREATE TABLE keyed_jobs (
  sequence INTEGER NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (sequence, key)
) STRICT, WITHOUT ROWID;
INSERT INTO keyed_jobs
SELECT jobs.sequence, keys.key
FROM idempotency_keys AS keys CROSS JOIN json_each(keys.ids) AS own CROSS JOIN jobs ON jobs.id = own.value;
ALTER TABLE idempotency_keys ADD COLUMN jobs_kept INTEGER NOT NULL DEFAULT 0;
UPDATE idempotency_keys
SET jobs_kept = (SELECT count(*) FROM json_each(ids) AS own CROSS JOIN jobs ON jobs.id = own.value);
DROP INDEX idempotency_keys_by_age;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (accepted_at) WHERE jobs_kept = 0;
`

/**
 * What leads from each version of the schema to the next; the first from an empty file to version 1. Stores of all of
 * them are out there, so none is ever changed.
 */
export const MIGRATIONS: readonly string[] = [VERSION_1, VERSION_2, VERSION_3]

/** What this multilaned reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length

/**
 * Refuses a store that a newer multilaned wrote.
 *
 * @param file to name it in the error
 * @throws StoreError `damaged`; SqlError
 */
export function refuseNewer(connection: SqlConnection, file: string): void {
  const version = schemaVersion(connection)
  if (version <= SCHEMA_VERSION) return
  throw new StoreError(
    'damaged',
    `${file}: its schema is version ${version}, and this multilaned knows versions up to ${SCHEMA_VERSION}; ` +
      'start it with the multilaned that wrote it, or a newer one',
  )
}

/**
 * Brings a store's tables to the present version, in one transaction.
 *
 * @throws SqlError
 */
export function migrate(connection: SqlConnection): void {
  const version = schemaVersion(connection)
  if (version === SCHEMA_VERSION) return
  const steps = MIGRATIONS.slice(version).join('\n')
  connection.exec(`BEGIN IMMEDIATE; ${steps} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
}

/** 0 for an empty file. */
function schemaVersion(connection: SqlConnection): number {
  return Number(connection.statement('PRAGMA user_version').get()?.user_version)
}
