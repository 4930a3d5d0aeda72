import type { Clock } from '#daemon/jobs/clock.js'
import type {
  Acceptance,
  AcceptedJob,
  AttemptStart,
  Claim,
  JobQuery,
  JobStore,
  Settlement,
} from '#daemon/store/job-store.js'
import { StoreError } from '#daemon/store/store-error.js'
import { MemoryJobStore, type MemoryJobs } from '../../support/daemon/memory-job-store.js'
import type { Random } from '../../support/random.js'

interface Write {
  readonly effect: () => Promise<unknown>
  /** What was claimed by it, to be given back if its answer is lost. */
  readonly claims: (answer: unknown) => readonly string[]
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: Error) => void
}

export interface SimStoreOptions {
  readonly owner: string
  readonly jobs: MemoryJobs
  /** Of one daemon's life: its timers never fire once that is over. */
  readonly clock: Clock
  readonly random: Random
  /** How likely a call fails just now. */
  readonly faults: () => number
}

const NO_CLAIMS = () => []

/**
 * A store as slow and as unreliable as a disk is. What is written takes effect in order, in groups whose answers come
 * at one instant; a group may fail as a whole, with or without having taken effect, and the claims of one that did are
 * given back before anything else is done.
 */
export class SimStore implements JobStore {
  readonly #store: MemoryJobStore
  readonly #options: SimStoreOptions
  #waiting: Write[] = []
  #committing = false
  #lost: string[] = []

  constructor(options: SimStoreOptions) {
    this.#options = options
    this.#store = new MemoryJobStore(options.owner, options.jobs)
  }

  accept(group: readonly AcceptedJob[], key?: { key: string; fingerprint: string }): Promise<Acceptance> {
    const claimed = group.filter(job => job.claimed).map(job => job.id)
    return this.#write(
      () => this.#store.accept(group, key),
      () => claimed,
    )
  }

  claim(lane: string, limit: number, now: number): Promise<Claim> {
    return this.#write(
      () => this.#store.claim(lane, limit, now),
      claim => claim.jobs.map(job => job.id),
    )
  }

  start(id: string, start: AttemptStart): Promise<void> {
    return this.#write(() => this.#store.start(id, start))
  }

  settle(id: string, settlement: Settlement): Promise<void> {
    return this.#write(() => this.#store.settle(id, settlement))
  }

  release(ids: readonly string[]): Promise<void> {
    return this.#write(() => this.#store.release(ids))
  }

  recover(): ReturnType<JobStore['recover']> {
    return this.#write(() => this.#store.recover())
  }

  move(...call: Parameters<JobStore['move']>): Promise<number> {
    return this.#write(() => this.#store.move(...call))
  }

  cancel(id: string, now: number): ReturnType<JobStore['cancel']> {
    return this.#write(() => this.#store.cancel(id, now))
  }

  retry(id: string, now: number): ReturnType<JobStore['retry']> {
    return this.#write(() => this.#store.retry(id, now))
  }

  get(id: string): ReturnType<JobStore['get']> {
    return this.#read(() => this.#store.get(id))
  }

  input(id: string): ReturnType<JobStore['input']> {
    return this.#read(() => this.#store.input(id))
  }

  result(id: string): ReturnType<JobStore['result']> {
    return this.#read(() => this.#store.result(id))
  }

  log(id: string): ReturnType<JobStore['log']> {
    return this.#read(() => this.#store.log(id))
  }

  list(query: JobQuery): ReturnType<JobStore['list']> {
    return this.#read(() => this.#store.list(query))
  }

  counts(now: number): ReturnType<JobStore['counts']> {
    return this.#read(() => this.#store.counts(now))
  }

  profile(lane: string, now: number): ReturnType<JobStore['profile']> {
    return this.#read(() => this.#store.profile(lane, now))
  }

  durations(limit: number): ReturnType<JobStore['durations']> {
    return this.#read(() => this.#store.durations(limit))
  }

  sweep(...call: Parameters<JobStore['sweep']>): Promise<number> {
    return this.#write(() => this.#store.sweep(...call))
  }

  probe(): Promise<void> {
    return this.#write(() => this.#store.probe())
  }

  /** Gives back what was claimed by calls whose answers were lost. */
  async close(): Promise<void> {
    await this.#abandon()
  }

  #write<T>(effect: () => Promise<T>, claims: (answer: T) => readonly string[] = NO_CLAIMS): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ effect, claims, resolve, reject } as unknown as Write)
      if (this.#committing) return
      this.#committing = true
      this.#later(() => this.#commit(), 0)
    })
  }

  #read<T>(look: () => Promise<T>): Promise<T> {
    const { random, faults } = this.#options
    return new Promise<T>((resolve, reject) => {
      this.#later(() => {
        if (random.chance(faults())) reject(failure())
        else look().then(answer => this.#later(() => resolve(answer)), reject)
      })
    })
  }

  async #commit(): Promise<void> {
    const { random, faults } = this.#options
    const group = this.#waiting.splice(0, 1 + random.below(this.#waiting.length))
    const fails = random.chance(faults())
    const takesEffect = !fails || random.chance(0.5)
    const answers: unknown[] = []
    if (takesEffect) {
      await this.#abandon()
      for (const write of group) answers.push(await write.effect())
    }
    this.#later(() => {
      group.forEach((write, index) => {
        if (fails) {
          if (takesEffect) this.#lost.push(...write.claims(answers[index]))
          write.reject(failure())
        } else write.resolve(answers[index])
      })
      this.#committing = this.#waiting.length > 0
      if (this.#committing) this.#later(() => this.#commit(), 0)
    })
  }

  async #abandon(): Promise<void> {
    const { rows } = this.#options.jobs
    const unstarted = this.#lost.filter(id => rows.get(id)?.state === 'waiting')
    this.#lost = []
    await this.#store.release(unstarted)
  }

  #later(call: () => void, delay = this.#options.random.below(16)): void {
    this.#options.clock.after(delay, call)
  }
}

function failure(): StoreError {
  return new StoreError('unavailable', 'the disk is full')
}
