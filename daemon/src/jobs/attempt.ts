import { ClosedError, LaneError, TaskCanceledError, TaskTimeoutError } from 'multilane'
import type { ClaimedJob, ProcessIdentity } from '../store/job-store.js'
import type { JobEnd, JobSignal } from '../work/job-call.js'
import type { AttemptEnd } from './attempt-outcome.js'
import type { Clock } from './clock.js'
import type { JobError } from './job.js'
import type { JobDefinition } from './job-definition.js'
import type { JobHandle, JobLane } from './job-lane.js'

/** How long a command that was told to end may take, beyond the time that its lane thread gives it to die. */
const LAST_WORDS_MS = 5000

/**
 * Where an attempt is:
 *
 * - HELD: claimed, not sent yet. Left by `begin` for SENT, and by `cancel` or `putBack` for OVER.
 * - SENT: in its lane's queue, or on its way there. Left by the lane's word for RUNNING or ENDING.
 * - RUNNING: on a lane thread. Left by its outcome for ENDING.
 * - ENDING: its outcome is decided; a command of it may still be dying. Left for OVER when that is gone.
 * - OVER: nothing of it is left, and `ended` has told how it went.
 */
export type AttemptPhase = 'held' | 'sent' | 'running' | 'ending' | 'over'

const NEXT: Readonly<Record<AttemptPhase, readonly AttemptPhase[]>> = {
  held: ['sent', 'over'],
  sent: ['running', 'ending'],
  running: ['ending'],
  ending: ['over'],
  over: [],
}

export interface AttemptSurroundings {
  readonly lane: JobLane
  readonly clock: Clock
  /** Ends a command whose lane thread has died. */
  readonly endProcess: (process: ProcessIdentity, jobId: string) => Promise<void>
  /** Told when it has started, which is `first`, and again when its command's process is known after that. */
  readonly onStart: (attempt: Attempt, first: boolean) => void
}

/** It is to be released to the store, rather than settled: because it was asked to, or because its lane is closed. */
export type PutBack = { readonly kind: 'put back' } | { readonly kind: 'refused' }

/** One attempt at a job that this daemon has claimed, from the claim to the end. */
export class Attempt {
  readonly job: ClaimedJob
  readonly definition: JobDefinition
  /** 1 for the first. */
  readonly number: number
  /** Resolves once, with how it went. */
  readonly ended: Promise<AttemptEnd | PutBack>

  readonly #around: AttemptSurroundings
  #phase: AttemptPhase = 'held'
  #handle: JobHandle | null = null
  #sentAt = 0
  #startedAt: number | null = null
  #process: ProcessIdentity | null = null
  #tail = ''
  #gone = false
  #whenGone: () => void = () => {}
  #puttingBack = false
  #settle: (end: AttemptEnd | PutBack) => void = () => {}

  constructor(job: ClaimedJob, definition: JobDefinition, around: AttemptSurroundings) {
    this.job = job
    this.definition = definition
    this.number = job.attempt + 1
    this.#around = around
    this.ended = new Promise(resolve => {
      this.#settle = resolve
    })
  }

  get phase(): AttemptPhase {
    return this.#phase
  }

  /** Epoch milliseconds; null until it has started. */
  get startedAt(): number | null {
    return this.#startedAt
  }

  /** The process group of its command, if it runs one. */
  get process(): ProcessIdentity | null {
    return this.#process
  }

  /** The end of what it has written so far. */
  get tail(): string {
    return this.#tail
  }

  /** Sends it to its lane, unless it was cancelled or put back meanwhile. */
  begin(): void {
    if (this.#phase !== 'held') return
    const { id, name, priority, input } = this.job
    const { timeout } = this.definition
    const options = { priority, onStart: () => this.#started(), ...(timeout !== null && { timeout }) }
    this.#sentAt = this.#around.clock.now()
    try {
      this.#handle = this.#around.lane.submit({ id, name, attempt: this.number, input }, options)
    } catch (error) {
      // Either the lane is closed or has failed for good, which its scheduler's error event reports; or it is the job.
      const isLanes = error instanceof LaneError || error instanceof ClosedError
      this.#over(isLanes ? { kind: 'refused' } : { kind: 'failed', error: jobError(error), log: '' })
      return
    }
    this.#enter('sent')
    this.#follow(this.#handle)
  }

  /**
   * Cancels it, for a user.
   *
   * @returns `cancelled` if it never started, `cancelling` if it runs and has been told to end, `finished` if its end
   *   was decided already
   */
  cancel(reason: string): 'cancelled' | 'cancelling' | 'finished' {
    const started = this.#phase === 'running'
    if (this.#phase === 'held') {
      this.#over({
        kind: 'cancelled',
        error: jobError(new TaskCanceledError(this.job.name, reason)),
        log: '',
      })
      return 'cancelled'
    }
    if (this.#handle?.cancel(reason) !== true) return 'finished'
    return started || this.#handle.timestamps.start !== undefined ? 'cancelling' : 'cancelled'
  }

  /** Cuts it off in good order, for a shutdown: the job stays to be done, and nothing is counted against it. */
  putBack(): void {
    if (this.#phase === 'held') {
      this.#over({ kind: 'put back' })
    } else if (this.#handle?.cancel('the daemon shuts down') === true) {
      this.#puttingBack = true
    }
  }

  /** Takes in what its lane thread tells of it. */
  hear(signal: JobSignal): void {
    if (signal.attempt !== this.number) return
    if (signal.kind === 'started') {
      this.#started()
      return
    }
    if (signal.kind === 'process') {
      this.#process = signal.process
      if (this.#phase === 'running') this.#around.onStart(this, false)
      return
    }
    this.#tail = signal.tail
    if (signal.kind === 'gone') {
      this.#gone = true
      this.#whenGone()
    }
  }

  #enter(phase: AttemptPhase): void {
    if (!NEXT[this.#phase].includes(phase))
      throw new Error(`an attempt cannot go from ${this.#phase} to ${phase}`)
    this.#phase = phase
  }

  #over(end: AttemptEnd | PutBack): void {
    this.#enter('over')
    this.#settle(end)
  }

  /** Told by the job itself, and by its lane: whoever is first. */
  #started(): void {
    if (this.#phase !== 'sent') return
    this.#enter('running')
    this.#startedAt = this.#startOf(this.#handle)
    this.#around.onStart(this, true)
  }

  /** The lane saw it start before it was heard of here. Its clock is another, and only differences of it are taken. */
  #startOf(handle: JobHandle | null): number {
    const now = this.#around.clock.now()
    if (handle === null) return now
    const { submit, start } = handle.timestamps
    return start === undefined ? now : Math.min(now, this.#sentAt + Math.max(0, start - submit))
  }

  async #follow(handle: JobHandle): Promise<void> {
    const end = await handle.result().then(
      own => this.#endedByItself(own),
      (error: unknown) => this.#cutShort(error),
    )
    this.#over(this.#puttingBack && end.kind === 'cancelled' ? { kind: 'put back' } : end)
  }

  #endedByItself(end: JobEnd): AttemptEnd {
    this.#enter('ending')
    return end.ok
      ? { kind: 'succeeded', result: end.result, log: end.log }
      : { kind: 'failed', error: end.error, log: end.log }
  }

  /** Its outcome is decided, but a command of it may still be dying: another attempt must not meet that one. */
  async #cutShort(cause: unknown): Promise<AttemptEnd | PutBack> {
    this.#enter('ending')
    // It waited in a lane that has failed for good: nothing was attempted.
    if (this.#startedAt === null && cause instanceof LaneError && cause.code === 'ERR_LANE_FAILED') {
      return { kind: 'refused' }
    }
    const kind = howCutShort(cause)
    if (this.#process !== null) {
      // A dead thread cannot end what it has started.
      if (kind !== 'interrupted') await this.#commandGone()
      if (!this.#gone) await this.#around.endProcess(this.#process, this.job.id)
    }
    return { kind, error: jobError(cause), log: this.#tail }
  }

  #commandGone(): Promise<void> {
    if (this.#gone) return Promise.resolve()
    return new Promise(resolve => {
      const stop = this.#around.clock.after(LAST_WORDS_MS, resolve)
      this.#whenGone = () => {
        stop()
        resolve()
      }
    })
  }
}

function howCutShort(cause: unknown): 'timed_out' | 'interrupted' | 'cancelled' | 'failed' {
  if (cause instanceof TaskTimeoutError) return 'timed_out'
  if (cause instanceof LaneError) return 'interrupted'
  return cause instanceof TaskCanceledError ? 'cancelled' : 'failed'
}

function jobError(error: unknown): JobError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) }
  const { name, message, stack } = error
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  return { name, message, ...code, ...(stack !== undefined && { stack }) }
}
