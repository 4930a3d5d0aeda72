import type { Acceptance, AcceptedJob, IdempotencyKey } from '../job-store.js'
import type { SqlConnection } from './sql-connection.js'

const INSERT_JOB = `
INSERT INTO jobs (
  sequence, id, name, lane, priority, source, cost, accepted_at, scheduled_at, due_at, ready, claimed_by,
  state, attempt, interruptions
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', 0, 0)
ON CONFLICT (id) DO NOTHING`

/** The latest one ever given. An AUTOINCREMENT would write to a table of its own with every job. */
const LAST_SEQUENCE = `
SELECT max(coalesce((SELECT max(sequence) FROM jobs), 0), last_sequence) AS last FROM swept`

/** Keeps a group of jobs, or tells that they, or others under the same key, are kept already. */
export function acceptJobs(
  connection: SqlConnection,
  owner: string,
  group: readonly AcceptedJob[],
  key: IdempotencyKey | null,
): Acceptance {
  const known = key === null ? undefined : keptUnder(connection, key, group)
  if (known !== undefined) return known
  let next = (connection.statement(LAST_SEQUENCE).get()!.last as number) + 1
  const sequences = group.map(job =>
    insert(connection, owner, job, next) ? next++ : takeAgain(connection, owner, job),
  )
  if (key !== null) keepKey(connection, key, group, sequences)
  return { kind: 'accepted', sequences }
}

function keepKey(
  connection: SqlConnection,
  { key, fingerprint }: IdempotencyKey,
  group: readonly AcceptedJob[],
  sequences: readonly number[],
): void {
  const first = group[0]
  if (first === undefined) return
  const inserted = connection
    .statement(
      `INSERT INTO idempotency_keys (key, fingerprint, ids, accepted_at, jobs_kept) VALUES (?, ?, ?, ?, ?)
      ON CONFLICT (key) DO NOTHING`,
    )
    .run(key, fingerprint, JSON.stringify(group.map(job => job.id)), first.acceptedAt, group.length)
  if (inserted === 0) return
  for (const sequence of sequences) {
    connection.statement('INSERT INTO keyed_jobs (sequence, key) VALUES (?, ?)').run(sequence, key)
  }
}

/** Undefined if the key is new, or if this is the repetition of the very call that brought it. */
function keptUnder(
  connection: SqlConnection,
  key: IdempotencyKey,
  group: readonly AcceptedJob[],
): Acceptance | undefined {
  // Compared by SQLite: bindings end a text that they read at its first NUL.
  const kept = connection
    .statement('SELECT fingerprint = ? AS same, ids FROM idempotency_keys WHERE key = ?')
    .get(key.fingerprint, key.key)
  if (kept === undefined) return undefined
  if (kept.same !== 1) return { kind: 'conflict' }
  const ids = JSON.parse(kept.ids as string) as string[]
  const isRepetition =
    ids.length === group.length &&
    group.every((job, index) => job.id === ids[index] && sequenceOf(connection, job.id) !== undefined)
  return isRepetition ? undefined : { kind: 'repeated', ids }
}

/** @returns false if a job of that id is kept already */
function insert(connection: SqlConnection, owner: string, job: AcceptedJob, sequence: number): boolean {
  const ready = job.claimed ? null : job.dueAt <= job.acceptedAt ? 1 : 0
  const { id, name, lane, priority, source, cost, acceptedAt, dueAt } = job
  const holder = job.claimed ? owner : null
  const inserted = connection
    .statement(INSERT_JOB)
    .run(sequence, id, name, lane, priority, source, cost, acceptedAt, dueAt, dueAt, ready, holder)
  if (inserted === 0) return false
  if (job.input !== null) {
    connection.statement('INSERT INTO job_inputs VALUES (?, ?)').run(sequence, job.input)
  }
  return true
}

/** The job was inserted by a call whose answer was lost, and perhaps given back since. */
function takeAgain(connection: SqlConnection, owner: string, job: AcceptedJob): number {
  if (job.claimed) {
    connection
      .statement(
        `UPDATE jobs SET claimed_by = ?, ready = NULL
        WHERE id = ? AND state = 'waiting' AND claimed_by IS NULL`,
      )
      .run(owner, job.id)
  }
  return sequenceOf(connection, job.id)!
}

function sequenceOf(connection: SqlConnection, id: string): number | undefined {
  const row = connection.statement('SELECT sequence FROM jobs WHERE id = ?').get(id)
  return row?.sequence as number | undefined
}
