import { isFinal, type JobRecord, stateAt } from '#daemon/jobs/job.js'
import type {
  Acceptance,
  AcceptedJob,
  AttemptStart,
  Claim,
  IdempotencyKey,
  InterruptedAttempt,
  JobPage,
  JobQuery,
  JobStore,
  PastDuration,
  ProcessIdentity,
  QueueStretch,
  Recovery,
  Settlement,
  StateCount,
} from '#daemon/store/job-store.js'
import { pageCursor } from '#daemon/store/page-cursor.js'
import { coarsened } from '#daemon/store/queue-profile.js'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Row extends Mutable<JobRecord> {
  input: string | null
  result: string | null
  log: string
  claimedBy: string | null
  process: ProcessIdentity | null
  /** When its holder was to cancel it. */
  cancelRequested: number | null
}

interface KeptKey {
  readonly fingerprint: string
  readonly ids: readonly string[]
  readonly acceptedAt: number
}

/** As in the durable store, so that sums of costs are numbers. */
const MOST_SUMMED = 1e290

/** What several {@link MemoryJobStore}s, each an owner, share. */
export class MemoryJobs {
  /** In order of arrival. */
  readonly rows = new Map<string, Row>()
  readonly keys = new Map<string, KeptKey>()
  sequence = 0
}

/** Keeps jobs as the durable store does, for as long as the process lives. */
export class MemoryJobStore implements JobStore {
  readonly #owner: string
  readonly #jobs: MemoryJobs

  /**
   * @param owner every other one is taken to be gone by `recover`
   * @param jobs to share with other owners
   */
  constructor(owner = 'owner', jobs: MemoryJobs = new MemoryJobs()) {
    this.#owner = owner
    this.#jobs = jobs
  }

  async accept(group: readonly AcceptedJob[], key?: IdempotencyKey): Promise<Acceptance> {
    const { rows, keys } = this.#jobs
    const ids = group.map(job => job.id)
    const kept = key === undefined ? undefined : keys.get(key.key)
    if (kept !== undefined) {
      if (kept.fingerprint !== key?.fingerprint) return { kind: 'conflict' }
      const own = kept.ids.length === ids.length && kept.ids.every((id, index) => id === ids[index])
      if (!own || !ids.every(id => rows.has(id))) return { kind: 'repeated', ids: kept.ids }
    }
    for (const job of group) this.#keep(job)
    const first = group[0]
    if (key !== undefined && kept === undefined && first !== undefined) {
      keys.set(key.key, { fingerprint: key.fingerprint, ids, acceptedAt: first.acceptedAt })
    }
    return { kind: 'accepted', sequences: ids.map(id => rows.get(id)!.sequence) }
  }

  #keep({ claimed, ...job }: AcceptedJob): void {
    const { rows } = this.#jobs
    const known = rows.get(job.id)
    if (known !== undefined) {
      if (claimed && known.state === 'waiting') known.claimedBy ??= this.#owner
      return
    }
    rows.set(job.id, {
      ...job,
      sequence: ++this.#jobs.sequence,
      state: 'waiting',
      attempt: 0,
      interruptions: 0,
      scheduledAt: job.dueAt,
      startedAt: null,
      finishedAt: null,
      error: null,
      result: null,
      log: '',
      claimedBy: claimed ? this.#owner : null,
      process: null,
      cancelRequested: null,
    })
  }

  async claim(lane: string, limit: number, now: number): Promise<Claim> {
    const free = [...this.#jobs.rows.values()].filter(
      row => row.lane === lane && row.state === 'waiting' && row.claimedBy === null,
    )
    const due = free.filter(row => row.dueAt <= now)
    due.sort((a, b) => b.priority - a.priority || a.sequence - b.sequence)
    const later = free.filter(row => row.dueAt > now).map(row => row.dueAt)
    const claimed = due.slice(0, limit)
    for (const row of claimed) row.claimedBy = this.#owner
    return {
      jobs: claimed.map(row => ({ ...recordOf(row), input: row.input })),
      more: due.length > limit,
      nextDueAt: later.length === 0 ? null : Math.min(...later),
    }
  }

  async start(id: string, start: AttemptStart): Promise<void> {
    const row = this.#held(id)
    if (row === undefined || start.attempt < row.attempt) return
    row.state = 'running'
    row.attempt = start.attempt
    row.startedAt = start.startedAt
    row.process = start.process
    row.error = null
  }

  async settle(id: string, settlement: Settlement): Promise<void> {
    const row = this.#held(id)
    if (row === undefined || settlement.attempt < row.attempt) return
    // It has been settled so already, and claimed again since.
    if (settlement.kind === 'again' && row.state === 'waiting' && row.attempt === settlement.attempt) return
    row.attempt = settlement.attempt
    row.log = settlement.log
    row.cancelRequested = null
    row.claimedBy = null
    row.process = null
    row.error = settlement.kind === 'succeeded' ? null : settlement.error
    if (settlement.kind === 'again') {
      row.state = 'waiting'
      row.dueAt = settlement.dueAt
      if (settlement.interrupted) row.interruptions++
      return
    }
    row.state = settlement.kind
    row.finishedAt = settlement.finishedAt
    row.result = settlement.kind === 'succeeded' ? settlement.result : null
  }

  async release(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const row = this.#held(id)
      if (row === undefined) continue
      if (row.state === 'running') row.attempt--
      row.process = null
      giveBack(row)
    }
  }

  async recover(): Promise<Recovery> {
    const interrupted: InterruptedAttempt[] = []
    let claims = 0
    for (const row of this.#jobs.rows.values()) {
      const lost = row.claimedBy !== null && row.claimedBy !== this.#owner
      // A process is named until its job starts again, so that a recovery cut short can be repeated.
      const named = row.claimedBy === null && row.process !== null
      if ((lost && row.state === 'running') || named) {
        interrupted.push({ id: row.id, attempt: row.attempt, process: row.process })
      }
      if (!lost) continue
      claims++
      if (row.state === 'running') row.interruptions++
      giveBack(row)
    }
    return { claims, interrupted }
  }

  async move(lanes: readonly string[], homes: Readonly<Record<string, string>>): Promise<number> {
    const stranded = [...this.#jobs.rows.values()].filter(
      ({ state, claimedBy, lane }) => state === 'waiting' && claimedBy === null && !lanes.includes(lane),
    )
    for (const row of stranded) row.lane = homes[row.name] ?? lanes[0]!
    return stranded.length
  }

  async cancel(id: string, now: number): Promise<'cancelled' | 'claimed' | 'finished' | 'unknown'> {
    const row = this.#jobs.rows.get(id)
    if (row === undefined) return 'unknown'
    if (isFinal(row.state)) return 'finished'
    if (row.claimedBy !== null) {
      row.cancelRequested ??= now
      return 'claimed'
    }
    cancel(row, now, 'the job was cancelled while it waited')
    return 'cancelled'
  }

  async retry(id: string, now: number): Promise<'waiting' | 'unfinished' | 'succeeded' | 'unknown'> {
    const row = this.#jobs.rows.get(id)
    if (row === undefined) return 'unknown'
    if (row.state === 'succeeded') return 'succeeded'
    if (!isFinal(row.state)) return 'unfinished'
    row.state = 'waiting'
    row.attempt = 0
    row.interruptions = 0
    row.dueAt = now
    row.startedAt = null
    row.finishedAt = null
    row.error = null
    return 'waiting'
  }

  async get(id: string): Promise<JobRecord | undefined> {
    const row = this.#jobs.rows.get(id)
    return row && recordOf(row)
  }

  async input(id: string): Promise<string | null | undefined> {
    return this.#jobs.rows.get(id)?.input
  }

  async result(id: string): Promise<string | null | undefined> {
    return this.#jobs.rows.get(id)?.result
  }

  async log(id: string): Promise<string | undefined> {
    return this.#jobs.rows.get(id)?.log
  }

  async list(query: JobQuery): Promise<JobPage> {
    const direction = query.order === 'oldest' ? 1 : -1
    const after = pageCursor(query.after)
    const found = [...this.#jobs.rows.values()]
      .filter(
        row =>
          (query.states?.includes(stateAt(row, query.now)) ?? true) &&
          (query.name ?? row.name) === row.name &&
          (query.lane ?? row.lane) === row.lane &&
          (after === null || (row.sequence - after) * direction > 0),
      )
      .sort((a, b) => (a.sequence - b.sequence) * direction)
    const page = found.slice(0, query.limit)
    return {
      jobs: page.map(recordOf),
      next: found.length > page.length ? String(page.at(-1)!.sequence) : null,
    }
  }

  async counts(now: number): Promise<readonly StateCount[]> {
    const counts = new Map<string, Mutable<StateCount>>()
    for (const row of this.#jobs.rows.values()) {
      const state = stateAt(row, now)
      const key = `${state} ${row.lane}`
      const counted = counts.get(key)
      if (counted === undefined) counts.set(key, { lane: row.lane, state, count: 1 })
      else counted.count++
    }
    return [...counts.values()]
  }

  async profile(lane: string, now: number): Promise<readonly QueueStretch[]> {
    const stretches = new Map<string, Mutable<QueueStretch>>()
    for (const row of this.#jobs.rows.values()) {
      if (row.lane !== lane || row.state !== 'waiting' || row.claimedBy !== null || row.dueAt > now) continue
      const { name, priority, sequence } = row
      const cost = Math.min(row.cost, MOST_SUMMED)
      const key = `${priority} ${sequence >> 10} ${name}`
      const stretch = stretches.get(key)
      if (stretch === undefined) {
        const only = { firstSequence: sequence, lastSequence: sequence, count: 1, cost }
        stretches.set(key, { name, priority, ...only })
        continue
      }
      stretch.lastSequence = sequence
      stretch.count++
      stretch.cost += cost
    }
    return coarsened(
      [...stretches.values()].sort((a, b) => b.priority - a.priority || a.firstSequence - b.firstSequence),
    )
  }

  async durations(limit: number): Promise<readonly PastDuration[]> {
    const succeeded = [...this.#jobs.rows.values()]
      .filter(row => row.state === 'succeeded' && row.startedAt !== null)
      .sort((a, b) => b.finishedAt! - a.finishedAt! || b.sequence - a.sequence)
    const taken = new Map<string, number>()
    const durations: PastDuration[] = []
    for (const row of succeeded) {
      const before = taken.get(row.name) ?? 0
      if (before === limit) continue
      taken.set(row.name, before + 1)
      durations.push({ name: row.name, duration: row.finishedAt! - row.startedAt!, cost: row.cost })
    }
    return durations
  }

  async sweep(finishedBefore: number, keep: number, limit: number): Promise<number> {
    const { rows, keys } = this.#jobs
    const finished = [...rows.values()]
      .filter(row => row.finishedAt !== null)
      .sort((a, b) => a.finishedAt! - b.finishedAt! || a.sequence - b.sequence)
    const excess = finished.length - keep
    const swept = finished
      .filter((row, index) => row.finishedAt! < finishedBefore || index < excess)
      .slice(0, limit)
    for (const row of swept) rows.delete(row.id)
    const old = [...keys]
      .filter(([, kept]) => kept.acceptedAt < finishedBefore && !kept.ids.some(id => rows.has(id)))
      .sort(([a, keptA], [b, keptB]) => keptA.acceptedAt - keptB.acceptedAt || (a < b ? -1 : 1))
    for (const [key] of old.slice(0, limit)) keys.delete(key)
    return swept.length
  }

  async probe(): Promise<void> {}

  async close(): Promise<void> {}

  /** The job of that id if it is unfinished and this owner's. */
  #held(id: string): Row | undefined {
    const row = this.#jobs.rows.get(id)
    return row !== undefined && row.claimedBy === this.#owner && !isFinal(row.state) ? row : undefined
  }
}

function giveBack(row: Row): void {
  row.state = 'waiting'
  row.claimedBy = null
  if (row.cancelRequested === null) return
  cancel(
    row,
    row.cancelRequested,
    'the job was cancelled, and its daemon went down before its attempt had ended',
  )
  row.cancelRequested = null
}

function cancel(row: Row, now: number, message: string): void {
  row.state = 'cancelled'
  row.finishedAt = now
  row.error = {
    name: 'TaskCanceledError',
    message,
    code: 'ERR_TASK_CANCELED',
  }
}

function recordOf({
  input: _,
  result: __,
  log: ___,
  claimedBy: ____,
  process: _____,
  cancelRequested: ______,
  ...record
}: Row): JobRecord {
  return { ...record }
}
