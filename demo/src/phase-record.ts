import { BULK_KINDS, type BulkJob, type BulkKind } from './bulk-mix.js'
import { LatencyHistogram } from './latency-histogram.js'

/** A phase waits for its turn, starts its threads, warms up, is measured, ends what it started, and is done. */
export type PhaseStage = 'waiting' | 'starting' | 'warming up' | 'measuring' | 'ending' | 'done'

const SHOWN_FAILURES = 3
const BYTES_PER_MEGABYTE = 1_000_000

/** What a phase has seen. Only what ends while it is measured counts, but failures count always. */
export class PhaseRecord {
  readonly title: string
  readonly latency = new LatencyHistogram()
  /** What went wrong, the first few of each phase in words. */
  readonly failures: string[] = []
  /** How much of all cores other processes had meanwhile, between 0 and 1. */
  foreignLoad = 0
  #failed = 0
  readonly #files: Record<BulkKind, number> = { hash: 0, gzip: 0, parse: 0, minify: 0 }
  #bytes = 0
  #stage: PhaseStage = 'waiting'
  #begin = 0
  #end = 0

  constructor(title: string) {
    this.title = title
  }

  get stage(): PhaseStage {
    return this.#stage
  }

  get failed(): number {
    return this.#failed
  }

  /** @param now ms of a monotonic clock */
  enter(stage: PhaseStage, now: number): void {
    if (stage === 'measuring') this.#begin = now
    if (this.#stage === 'measuring') this.#end = now
    this.#stage = stage
  }

  urgentDone(ms: number): void {
    this.latency.record(ms)
  }

  bulkDone(job: BulkJob): void {
    if (this.#stage !== 'measuring') return
    this.#files[job.kind]++
    this.#bytes += job.file.bytes
  }

  fail(what: string, error: unknown): void {
    this.#failed++
    const reason = error instanceof Error ? error.message : String(error)
    if (this.failures.length < SHOWN_FAILURES) this.failures.push(`${what}: ${reason.split('\n', 1)[0]}`)
  }

  /** Seconds it has been measured. */
  seconds(now: number): number {
    if (this.#begin === 0) return 0
    return ((this.#stage === 'measuring' ? now : this.#end) - this.#begin) / 1000
  }

  filesPerSecond(kind: BulkKind, now: number): number {
    return perSecond(this.#files[kind], this.seconds(now))
  }

  allFilesPerSecond(now: number): number {
    const files = BULK_KINDS.reduce((sum, kind) => sum + this.#files[kind], 0)
    return perSecond(files, this.seconds(now))
  }

  megabytesPerSecond(now: number): number {
    return perSecond(this.#bytes / BYTES_PER_MEGABYTE, this.seconds(now))
  }
}

function perSecond(amount: number, seconds: number): number {
  return seconds > 0 ? amount / seconds : 0
}
