import { isFinal } from '#daemon/jobs/job.js'
import type { JobDefinition } from '#daemon/jobs/job-definition.js'
import type { MemoryJobs } from '../../support/daemon/memory-job-store.js'

/** What the daemon of a life is called in the store. */
export function ownerOf(life: number): string {
  return `life-${life}`
}

export type RunEnd = 'succeeded' | 'failed' | 'timed_out' | 'interrupted' | 'cancelled' | 'put back'

/** One start of a job, as its lane saw it. */
interface Run {
  readonly life: number
  end: RunEnd | null
}

interface Entry {
  runs: Run[]
  acknowledged: boolean
  /** A user was told that it is cancelled. */
  cancelled: boolean
  /** The life in which a user was told that its end was decided. */
  finishedIn: number | null
  /** How many retries a user has asked for. */
  retries: number
  /** How many of them may still come to something. */
  retrying: number
  /** Whether one of them has, or may have, and the job has not run since. */
  mayRunAgain: boolean
  /** Whether a daemon died with it in its hands. */
  cutOff: boolean
  final: string | null
}

/** What really happened to each job, and what may not have. */
export class SimLedger {
  readonly #jobs: MemoryJobs
  readonly #definitions: ReadonlyMap<string, JobDefinition>
  readonly #entries = new Map<string, Entry>()
  /** The lives of daemons that ended in a crash, or left something unrecorded. */
  readonly #crashed = new Set<number>()
  readonly tally: Record<string, number> = {}

  constructor(jobs: MemoryJobs, definitions: ReadonlyMap<string, JobDefinition>) {
    this.#jobs = jobs
    this.#definitions = definitions
  }

  count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1
  }

  crashed(life: number): void {
    this.#crashed.add(life)
    for (const row of this.#jobs.rows.values()) {
      if (row.claimedBy === ownerOf(life)) this.#entry(row.id).cutOff = true
    }
  }

  /** What was asked of the daemon before comes to nothing any more. */
  newLife(): void {
    for (const entry of this.#entries.values()) {
      if (entry.retrying > 0) entry.mayRunAgain = true
      entry.retrying = 0
    }
  }

  acknowledged(id: string): void {
    if (!this.#jobs.rows.has(id)) throw new Error(`${id} was acknowledged and is not kept`)
    this.#entry(id).acknowledged = true
  }

  /** @returns ends the run */
  started(life: number, id: string): (end: RunEnd) => void {
    const entry = this.#entry(id)
    const last = entry.runs.at(-1)
    if (entry.cancelled) throw new Error(`${id} runs though it was cancelled`)
    if (entry.finishedIn === life) throw new Error(`${id} runs though its end was decided`)
    if (last !== undefined && entry.retrying === 0 && !entry.mayRunAgain) this.#explain(id, last, life)
    if (last?.end === null && last.life === life) throw new Error(`${id} runs twice at a time`)
    entry.mayRunAgain = false
    const run: Run = { life, end: null }
    entry.runs.push(run)
    return end => {
      run.end = end
    }
  }

  #explain(id: string, last: Run, life: number): void {
    if (last.life !== life && this.#crashed.has(last.life)) return
    const { retries, interruptions } = this.#definitions.get(this.#row(id).name)!
    const reasons: Record<RunEnd, boolean> = {
      succeeded: false,
      cancelled: false,
      failed: retries.limit > 0,
      timed_out: retries.limit > 0,
      interrupted: interruptions > 0,
      'put back': true,
    }
    if (last.end === null) throw new Error(`${id} runs again, unended`)
    if (!reasons[last.end]) throw new Error(`${id} runs again after it ${last.end}`)
    this.count(`again after ${last.end}`)
  }

  /** A user asks for another run of it: whatever became of it may be undone from now on. */
  retrying(id: string): void {
    const entry = this.#entry(id)
    entry.retries++
    if (this.#row(id).state === 'succeeded') return
    entry.retrying++
    entry.cancelled = false
    entry.finishedIn = null
    entry.final = null
  }

  /** @param answer undefined where it failed, with or without effect */
  retryAnswered(id: string, answer: string | undefined): void {
    const entry = this.#entry(id)
    if (entry.retrying > 0) entry.retrying--
    if (answer === undefined || answer === 'waiting') entry.mayRunAgain = true
  }

  /** To be handed to `cancelAnswered`: what it says holds only if no retry came between. */
  cancelling(id: string): number | null {
    const entry = this.#entry(id)
    return entry.retrying > 0 ? null : entry.retries
  }

  cancelAnswered(life: number, id: string, answer: string, asked: number | null): void {
    const entry = this.#entry(id)
    this.count(answer)
    if (entry.retries !== asked) return
    const { state } = this.#row(id)
    if (answer === 'finished') entry.finishedIn = life
    if (answer !== 'cancelled') return
    if (state !== 'cancelled') throw new Error(`${id} is ${state}, not cancelled`)
    entry.cancelled = true
  }

  /** Looks at every job after a step. */
  check(): void {
    for (const row of this.#jobs.rows.values()) {
      const entry = this.#entry(row.id)
      if (entry.final !== null && row.state !== entry.final) {
        throw new Error(`${row.id} was ${entry.final} and became ${row.state}`)
      }
      if (isFinal(row.state) && entry.retrying === 0) entry.final = row.state
    }
  }

  /** Once nothing is to be done any more. */
  checkEnd(): void {
    for (const [id, entry] of this.#entries) {
      const row = this.#row(id)
      if (!isFinal(row.state)) throw new Error(`${id} never came to an end: ${JSON.stringify(row)}`)
      if (row.claimedBy !== null) throw new Error(`${id} is final and still claimed`)
      this.count(row.state)
      if (row.state === 'succeeded' && entry.runs.length === 0) throw new Error(`${id} never ran`)
      const last = entry.runs.at(-1)
      if (entry.acknowledged && row.state === 'succeeded' && last?.end !== 'succeeded') {
        throw new Error(`${id} is kept as succeeded, and its last run ${last?.end}`)
      }
      const plain = entry.retries === 0 && !entry.cutOff && entry.runs.every(run => !this.#unusual(run))
      const starts = entry.runs.length
      // One that is cancelled before it starts counts the attempt that it was claimed for.
      const spare = row.state === 'cancelled' ? 1 : 0
      if (plain && (row.attempt < starts || row.attempt > starts + spare)) {
        throw new Error(`${id} was started ${starts} times, ${row.attempt} are kept`)
      }
    }
  }

  #unusual(run: Run): boolean {
    return this.#crashed.has(run.life) || run.end === 'put back'
  }

  #row(id: string) {
    const row = this.#jobs.rows.get(id)
    if (row === undefined) throw new Error(`${id} is not kept`)
    return row
  }

  #entry(id: string): Entry {
    let entry = this.#entries.get(id)
    if (entry === undefined) {
      entry = {
        runs: [],
        acknowledged: false,
        cancelled: false,
        finishedIn: null,
        retries: 0,
        retrying: 0,
        mayRunAgain: false,
        cutOff: false,
        final: null,
      }
      this.#entries.set(id, entry)
    }
    return entry
  }
}
