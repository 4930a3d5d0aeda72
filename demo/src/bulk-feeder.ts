import { type BulkJob, BulkMix } from './bulk-mix.js'
import type { Engine } from './engine.js'
import type { SourceFile } from './files.js'
import type { PhaseRecord } from './phase-record.js'

/** So many in a row are no odd files: the engine itself is broken, and would be asked again without end. */
const MAX_FAILURES_IN_A_ROW = 50

/** Keeps an engine's bulk threads busy: as soon as a job is done, the next one goes in. */
export class BulkFeeder {
  readonly #engine: Engine
  readonly #record: PhaseRecord
  readonly #mix: BulkMix
  #open = true
  #failuresInARow = 0

  constructor(engine: Engine, files: readonly SourceFile[], record: PhaseRecord) {
    this.#engine = engine
    this.#record = record
    this.#mix = new BulkMix(files)
  }

  /**
   * @param inFlight how many jobs the engine has at a time
   * @returns resolves once it was stopped and all jobs are back; rejects if nothing works
   */
  async run(inFlight: number): Promise<void> {
    await Promise.all(Array.from({ length: inFlight }, () => this.#feed()))
  }

  stop(): void {
    this.#open = false
  }

  async #feed(): Promise<void> {
    while (this.#open) {
      const job = this.#mix.next()
      try {
        await this.#engine.bulk(job.kind, job.file.path)
        this.#record.bulkDone(job)
        this.#failuresInARow = 0
      } catch (error) {
        // After the stop it is the engine's end that gives jobs up.
        if (this.#open) this.#fail(job, error)
      }
    }
  }

  #fail(job: BulkJob, error: unknown): void {
    this.#record.fail(`${job.kind} ${job.file.name}`, error)
    if (++this.#failuresInARow < MAX_FAILURES_IN_A_ROW) return
    this.#open = false
    throw new Error(`${MAX_FAILURES_IN_A_ROW} bulk jobs failed in a row`, { cause: error })
  }
}
