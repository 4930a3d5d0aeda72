import type { Lane } from 'multilane'
import type { JobRecord } from '../jobs/job.js'
import { Checkpoints } from './checkpoints.js'
import { CommitQueue, type QueuedOperation } from './commit-queue.js'
import type {
  Acceptance,
  AcceptedJob,
  AttemptStart,
  Claim,
  IdempotencyKey,
  JobPage,
  JobQuery,
  JobStore,
  PastDuration,
  QueueStretch,
  Recovery,
  Settlement,
  StateCount,
} from './job-store.js'
import { LostClaims } from './lost-claims.js'
import { pageCursor } from './page-cursor.js'
import type * as readTasks from './sql/read-tasks.js'
import type {
  CommitOutcome,
  Failure,
  WriteAnswer,
  WriteAnswers,
  WriteKind,
  WriteOperation,
  WriteOperations,
} from './sql/write-operations.js'
import type * as writeTasks from './sql/write-tasks.js'
import { StoreError } from './store-error.js'
import type { StoreLanes } from './store-lanes.js'

type Queued = QueuedOperation<WriteOperation, WriteAnswer>

const BOUNDS = { operations: 5000, weight: 8_000_000 }
/** What looks up one job goes before what reads many. */
const LOOK_UP = { priority: 1 }
/** What an operation weighs beside its texts. */
const BARE_WEIGHT = 200

/** The durable store of one daemon: a SQLite database, written by one lane and read by two. */
export class SqliteStore implements JobStore {
  readonly #write: Lane<typeof writeTasks>
  readonly #read: Lane<typeof readTasks>
  readonly #scan: Lane<typeof readTasks>
  readonly #checkpoints: Checkpoints
  readonly #queue: CommitQueue<WriteOperation, WriteAnswer>
  readonly #lost = new LostClaims()
  #claims = 0
  #closed = false

  /** @param lanes of a started scheduler, made with `storeLaneOptions` */
  constructor({ write, read, scan }: StoreLanes) {
    this.#write = write
    this.#read = read
    this.#scan = scan
    this.#checkpoints = new Checkpoints(() => scan.run('checkpoint'))
    this.#queue = new CommitQueue(group => this.#commit(group), BOUNDS)
  }

  accept(group: readonly AcceptedJob[], key?: IdempotencyKey): Promise<Acceptance> {
    const weight = group.reduce((sum, job) => sum + BARE_WEIGHT + (job.input?.length ?? 0), 0)
    return this.#ask('accept', { group, key: key ?? null }, weight)
  }

  claim(lane: string, limit: number, now: number, patience?: number): Promise<Claim> {
    return this.#ask('claim', { lane, limit, now, number: ++this.#claims }, BARE_WEIGHT, patience)
  }

  async start(id: string, start: AttemptStart, patience?: number): Promise<void> {
    await this.#ask('start', { id, start }, BARE_WEIGHT, patience)
  }

  async settle(id: string, settlement: Settlement, patience?: number): Promise<void> {
    const result = settlement.kind === 'succeeded' ? (settlement.result?.length ?? 0) : 0
    await this.#ask('settle', { id, settlement }, BARE_WEIGHT + result + settlement.log.length, patience)
  }

  async release(ids: readonly string[]): Promise<void> {
    await this.#ask('release', { ids }, ids.length * BARE_WEIGHT)
  }

  recover(): Promise<Recovery> {
    return this.#ask('recover', {})
  }

  move(lanes: readonly string[], homes: Readonly<Record<string, string>>): Promise<number> {
    return this.#ask('move', { lanes, homes })
  }

  cancel(id: string, now: number): Promise<WriteAnswers['cancel']> {
    return this.#ask('cancel', { id, now })
  }

  retry(id: string, now: number): Promise<WriteAnswers['retry']> {
    return this.#ask('retry', { id, now })
  }

  get(id: string): Promise<JobRecord | undefined> {
    return this.#answer(() => this.#read.run('get', [id], LOOK_UP))
  }

  input(id: string): Promise<string | null | undefined> {
    return this.#answer(() => this.#read.run('text', [id, 'input'], LOOK_UP))
  }

  result(id: string): Promise<string | null | undefined> {
    return this.#answer(() => this.#read.run('text', [id, 'result'], LOOK_UP))
  }

  /** Empty if the job is known and no attempt of it has ended yet. */
  log(id: string): Promise<string | undefined> {
    return this.#answer(() => this.#read.run('log', [id], LOOK_UP))
  }

  async list(query: JobQuery): Promise<JobPage> {
    const { after, ...rest } = query
    return await this.#answer(() => this.#scan.run('list', [rest, pageCursor(after)]))
  }

  counts(now: number): Promise<readonly StateCount[]> {
    return this.#answer(() => this.#scan.run('counts', [now]))
  }

  profile(lane: string, now: number): Promise<readonly QueueStretch[]> {
    return this.#answer(() => this.#scan.run('profile', [lane, now]))
  }

  durations(limit: number): Promise<readonly PastDuration[]> {
    return this.#answer(() => this.#scan.run('durations', [limit]))
  }

  sweep(finishedBefore: number, keep: number, limit: number): Promise<number> {
    return this.#ask('sweep', { finishedBefore, keep, limit })
  }

  async probe(): Promise<void> {
    await this.#ask('probe', {})
  }

  /** Waits for what was asked for, and empties the write-ahead log. The lanes are then for their owner to close. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#queue.idle()
    await this.#checkpoints.stop()
    // The next daemon would take them for the claims of one that died.
    if (this.#lost.any) await this.#commit([])
    const outcome = await this.#onLane(this.#write.run('emptyLog'))
    if (!outcome.ok) throw storeError(outcome)
  }

  #ask<K extends WriteKind>(
    kind: K,
    operation: WriteOperations[K],
    weight: number = BARE_WEIGHT,
    patience?: number,
  ): Promise<WriteAnswers[K]> {
    if (this.#closed) return Promise.reject(new StoreError('unavailable', 'the store was closed'))
    return this.#queue.add({ kind, ...operation } as WriteOperation & WriteOperations[K], weight, patience)
  }

  async #answer<T>(query: () => Promise<readTasks.ReadOutcome<T>>): Promise<T> {
    if (this.#closed) throw new StoreError('unavailable', 'the store was closed')
    const answer = await this.#onLane(query())
    if (!answer.ok) throw storeError(answer)
    return answer.value
  }

  async #commit(group: readonly Queued[]): Promise<void> {
    const operations = group.map(queued => queued.operation)
    const abandon = this.#lost.take()
    if (abandon !== undefined) operations.unshift(abandon)
    let outcome: CommitOutcome
    try {
      outcome = await this.#onLane(this.#write.run('commit', [operations]))
      if (!outcome.ok) throw storeError(outcome)
    } catch (error) {
      this.#lost.add(operations)
      for (const queued of group) queued.reject(error as StoreError)
      return
    }
    this.#checkpoints.note(operations.length)
    const { outcomes } = outcome
    const offset = outcomes.length - group.length
    group.forEach((queued, index) => {
      const own = outcomes[index + offset]!
      if (own.ok) queued.resolve(own.answer)
      else queued.reject(new TypeError(`the store refused the ${queued.operation.kind}: ${own.message}`))
    })
  }

  /** Whatever becomes of a lane's thread, the store is unavailable until there is another. */
  async #onLane<T>(task: Promise<T>): Promise<T> {
    try {
      return await task
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw new StoreError('unavailable', `the store's thread failed: ${reason}`, { cause: error })
    }
  }
}

function storeError({ code, message }: Failure): StoreError {
  const damaged = /^SQLITE_(CORRUPT|NOTADB)/.test(code)
  return new StoreError(damaged ? 'damaged' : 'unavailable', `the store failed: ${message} (${code})`)
}
