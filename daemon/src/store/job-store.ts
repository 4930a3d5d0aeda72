import type { FinalState, JobError, JobRecord, JobState, NewJob } from '../jobs/job.js'

/**
 * Where jobs are kept. What a promise of this interface has confirmed survives a crash of the process and of the
 * machine. Nothing in it supposes that there is one daemon only: several *owners*, each a running daemon, may share a
 * store, and a job is *claimed* by an owner before that may start it.
 *
 * What nobody waits for has *patience*: the milliseconds for which it may be held back, to be written together with what
 * comes meanwhile. Without it, as without the parameter, it is written at once.
 *
 * A failed call rejects with a {@link StoreError}. One that says `unavailable` changed nothing, or cannot tell: all
 * of these calls may be repeated.
 */
export interface JobStore {
  /**
   * Keeps a group of jobs: all of them or none.
   *
   * @param group in the order in which they arrived; one with `claimed` is this owner's at once, which saves the
   *   claim of a job that can start now
   * @param key makes the call idempotent
   */
  accept(group: readonly AcceptedJob[], key?: IdempotencyKey): Promise<Acceptance>

  /**
   * Claims the jobs of a lane that are due and nobody's, by priority, then by arrival.
   *
   * @param limit the most to claim, at least 1
   * @param now epoch milliseconds
   */
  claim(lane: string, limit: number, now: number, patience?: number): Promise<Claim>

  /**
   * Records that an attempt has begun; said again of the same attempt, it replaces what was recorded. A job that this
   * owner does not hold stays as it is.
   */
  start(id: string, start: AttemptStart, patience?: number): Promise<void>

  /** Records how an attempt ended, unless the job is final already. The claim ends with it. */
  settle(id: string, settlement: Settlement, patience?: number): Promise<void>

  /**
   * Gives claimed jobs back, to be claimed again. An attempt that had started is not counted, neither as an attempt nor as
   * an interruption: it was cut off in good order, which tells nothing against the job.
   */
  release(ids: readonly string[]): Promise<void>

  /**
   * Gives back what owners that are gone had claimed. An attempt that had started counts as interrupted.
   */
  recover(): Promise<Recovery>

  /**
   * Moves waiting jobs that nobody has claimed out of lanes that are not there any more: nobody would ever claim them.
   *
   * @param lanes those there are, of which the first takes what has no other
   * @param homes the lane of each job, by the job's name
   * @returns how many were moved
   */
  move(lanes: readonly string[], homes: Readonly<Record<string, string>>): Promise<number>

  /**
   * Cancels a job nobody has claimed. `claimed` means it is for the owner to cancel, and is kept: should the owner be gone
   * or give the job back before it has, the job is cancelled all the same.
   */
  cancel(id: string, now: number): Promise<'cancelled' | 'claimed' | 'finished' | 'unknown'>

  /** Sets a job that did not succeed to waiting again, with fresh attempts. */
  retry(id: string, now: number): Promise<'waiting' | 'unfinished' | 'succeeded' | 'unknown'>

  get(id: string): Promise<JobRecord | undefined>
  /** The JSON text that the job is called with. */
  input(id: string): Promise<string | null | undefined>
  /** The JSON text of what it returned; null if it has not succeeded. */
  result(id: string): Promise<string | null | undefined>
  /** The tail of its latest finished attempt's output. */
  log(id: string): Promise<string | undefined>

  list(query: JobQuery): Promise<JobPage>

  /** How many jobs there are, by lane and state. */
  counts(now: number): Promise<readonly StateCount[]>

  /**
   * What is due in a lane and nobody's, in brief, for estimates: at most some hundred rows however many jobs wait. What
   * is claimed, its owner knows better: how much of it has started need not be recorded yet.
   */
  profile(lane: string, now: number): Promise<readonly QueueStretch[]>

  /** The latest successful durations of every job name, newest first. @param limit the most for each name */
  durations(limit: number): Promise<readonly PastDuration[]>

  /**
   * Forgets finished jobs, and the idempotency keys accepted before that instant of which all jobs are forgotten.
   *
   * @param finishedBefore epoch milliseconds
   * @param keep the most finished jobs to keep, the newest
   * @param limit the most to forget in this call, so that it stays short
   * @returns how many were forgotten; fewer than `limit` means that it is done
   */
  sweep(finishedBefore: number, keep: number, limit: number): Promise<number>

  /** Rejects with a StoreError if nothing can be kept just now. */
  probe(): Promise<void>

  close(): Promise<void>
}

export interface AcceptedJob extends NewJob {
  readonly claimed: boolean
}

export interface IdempotencyKey {
  readonly key: string
  /** Of the request's meaning: the same key with another one is a conflict. */
  readonly fingerprint: string
}

export type Acceptance =
  | { readonly kind: 'accepted'; readonly sequences: readonly number[] }
  /** The key was used before, with the same fingerprint, for these jobs. */
  | { readonly kind: 'repeated'; readonly ids: readonly string[] }
  | { readonly kind: 'conflict' }

export interface Claim {
  readonly jobs: readonly ClaimedJob[]
  /** Whether more jobs of the lane were due than the limit allowed. */
  readonly more: boolean
  /** When the next job of the lane is due that was not yet; null if none is. */
  readonly nextDueAt: number | null
}

export interface ClaimedJob extends JobRecord {
  readonly input: string | null
}

export interface AttemptStart {
  readonly attempt: number
  readonly startedAt: number
  /** The head of the process group it runs in, if it has one. */
  readonly process: ProcessIdentity | null
}

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number
  /** The start time in clock ticks since the system's boot, and the boot's id, as /proc tells them. */
  readonly startTicks: string
  readonly bootId: string
}

export interface Recovery {
  /** How many claims were given back, of started jobs and of others; some mean that an owner died. */
  readonly claims: number
  /** The attempts that were running then, with the processes they may have left behind. */
  readonly interrupted: readonly InterruptedAttempt[]
}

export interface InterruptedAttempt {
  readonly id: string
  readonly attempt: number
  readonly process: ProcessIdentity | null
}

export type Settlement = {
  readonly attempt: number
  readonly log: string
} & (
  | { readonly kind: 'succeeded'; readonly finishedAt: number; readonly result: string | null }
  | {
      readonly kind: Exclude<FinalState, 'succeeded'>
      readonly finishedAt: number
      readonly error: JobError
    }
  /** It waits for another attempt. */
  | {
      readonly kind: 'again'
      readonly dueAt: number
      readonly error: JobError
      /** Whether the attempt was cut off, rather than failed by itself. */
      readonly interrupted: boolean
    }
)

export interface JobQuery {
  readonly states?: readonly JobState[]
  readonly name?: string
  readonly lane?: string
  /** What the page follows, as the page before it told; without it the first page. */
  readonly after?: string
  /** 1 to 1,000. */
  readonly limit: number
  /** By arrival. */
  readonly order: 'newest' | 'oldest'
  /** Epoch milliseconds, which part scheduled from queued. */
  readonly now: number
}

export interface JobPage {
  readonly jobs: readonly JobRecord[]
  /** For the next page; null on the last. */
  readonly next: string | null
}

export interface StateCount {
  readonly lane: string
  readonly state: JobState
  readonly count: number
}

/** Jobs of one name and priority, neighbours in order of arrival. */
export interface QueueStretch {
  readonly name: string
  readonly priority: number
  readonly firstSequence: number
  readonly lastSequence: number
  readonly count: number
  /** The sum of their costs. */
  readonly cost: number
}

export interface PastDuration {
  readonly name: string
  /** Milliseconds from the start of the last attempt to its end. */
  readonly duration: number
  readonly cost: number
}
