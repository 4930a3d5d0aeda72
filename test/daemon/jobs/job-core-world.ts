import type { JobDefinition } from '#daemon/jobs/job-definition.js'
import type { JobChange } from '#daemon/jobs/job-service.js'
import { Jobs } from '#daemon/jobs/jobs.js'
import { LaneRunner, USUAL_PATIENCE } from '#daemon/jobs/lane-runner.js'
import { RecordKeeper } from '#daemon/jobs/record-keeper.js'
import { StoreError } from '#daemon/store/store-error.js'
import { drained, ManualDaemonClock } from '../../support/daemon/manual-daemon-clock.js'
import { MemoryJobStore, MemoryJobs } from '../../support/daemon/memory-job-store.js'
import { ScriptedLane } from '../../support/daemon/scripted-lane.js'
import { definitionsOf } from './plain-job.js'

type Call = 'accept' | 'start' | 'settle' | 'release' | 'claim'

/** A store of which the test lets single calls fail, or wait. */
class StubbornStore extends MemoryJobStore {
  readonly calls: string[] = []
  readonly #trouble = new Map<Call, 'before' | 'after'>()
  readonly #gates = new Map<Call, Promise<void>>()

  /** Lets a call fail from now on, before or after it has taken effect. */
  fail(call: Call, when: 'before' | 'after'): void {
    this.#trouble.set(call, when)
  }

  heal(call: Call): void {
    this.#trouble.delete(call)
  }

  /** Lets a call take effect and its answer wait. @returns lets it come */
  hold(call: Call): () => void {
    let open = () => {}
    this.#gates.set(
      call,
      new Promise(resolve => {
        open = resolve
      }),
    )
    return () => {
      this.#gates.delete(call)
      open()
    }
  }

  override accept(...args: Parameters<MemoryJobStore['accept']>) {
    return this.#pass('accept', () => super.accept(...args))
  }

  override start(...args: Parameters<MemoryJobStore['start']>) {
    return this.#pass('start', () => super.start(...args))
  }

  override settle(...args: Parameters<MemoryJobStore['settle']>) {
    return this.#pass('settle', () => super.settle(...args))
  }

  override release(...args: Parameters<MemoryJobStore['release']>) {
    return this.#pass('release', () => super.release(...args))
  }

  override claim(...args: Parameters<MemoryJobStore['claim']>) {
    return this.#pass('claim', () => super.claim(...args))
  }

  async #pass<T>(call: Call, effect: () => Promise<T>): Promise<T> {
    this.calls.push(call)
    const trouble = this.#trouble.get(call)
    if (trouble === 'before') throw new StoreError('unavailable', 'the disk is full')
    const answer = await effect()
    await this.#gates.get(call)
    if (trouble === 'after') throw new StoreError('unavailable', 'the disk is full')
    return answer
  }
}

/** The jobs of a daemon with one lane, called `lane`, on a store in memory, with everything in the test's hands. */
export class JobCoreWorld {
  readonly clock = new ManualDaemonClock()
  readonly kept = new MemoryJobs()
  readonly store: StubbornStore
  readonly lane = new ScriptedLane(this.clock)
  readonly runner: LaneRunner
  readonly jobs: Jobs
  readonly changes: JobChange[] = []
  readonly troubles: string[] = []
  readonly keeper = new RecordKeeper(this.clock, () => {})

  constructor(definitions: readonly JobDefinition[], slots = 2) {
    const { clock } = this
    this.store = new StubbornStore('owner', this.kept)
    const all = definitionsOf(...definitions)
    this.jobs = new Jobs({ definitions: all, store: this.store, clock })
    this.jobs.onChange(change => this.changes.push(change))
    this.runner = new LaneRunner({
      name: 'lane',
      lane: this.lane,
      slots,
      patience: USUAL_PATIENCE,
      definitions: all,
      store: this.store,
      keeper: this.keeper,
      clock,
      random: () => 0,
      endProcess: async () => {},
      onStarted: attempt => this.jobs.started(attempt),
      onSettled: (job, startedAt, end) => this.jobs.settled(job, startedAt, end),
      onTrouble: (_, doing) => this.troubles.push(doing),
    })
  }

  async started(crashed = false): Promise<this> {
    await this.jobs.prepare([this.runner])
    this.jobs.start(crashed)
    await drained()
    return this
  }

  /** Accepts a job. @returns its id */
  async submit(name = 'plain'): Promise<string> {
    const { jobs } = await this.jobs.submit([{ name, source: 'work' }])
    await drained()
    return jobs[0]!.id
  }

  /** As the store has it. */
  row(id: string): NonNullable<ReturnType<MemoryJobs['rows']['get']>> {
    const row = this.kept.rows.get(id)
    if (row === undefined) throw new Error(`${id} is not kept`)
    return row
  }

  get kinds(): string[] {
    return this.changes.map(({ kind, job }) => `${kind} ${job.state}`)
  }
}
