import { open } from 'node:fs/promises'
import type { JobChange, JobService } from '../jobs/job-service.js'
import { yearFirst } from '../local-time.js'

/** What is not written yet may have so many bytes; what comes on top of that while writing fails is lost. */
const MOST_WAITING = 1024 * 1024
const LONGEST_REASON = 200
const RETRY_AFTER = 1000

/** As much of a logger as it needs. */
export interface TroubleLog {
  warn(details: object, message: string): void
  info(details: object, message: string): void
}

/**
 * Writes a line at the start and one at the end of each job that came in through the work scheduler, in the order in
 * which that happened.
 *
 * The file is opened anew for each batch of lines, so that it can be moved away or deleted at any time. While it
 * cannot be written, the lines wait in memory, up to 1 MiB of them, and it is tried again every now and then: the
 * first failure is told to the log, and the recovery, and nothing else is disturbed.
 */
export class WorkLog {
  readonly #file: string
  readonly #log: TroubleLog
  readonly #retryAfter: number
  readonly #unsubscribe: () => void
  #waiting: Buffer[] = []
  #waitingBytes = 0
  #lost = 0
  #failing = false
  #writing: Promise<void> | null = null
  #retry: NodeJS.Timeout | null = null

  /**
   * @param file an absolute path; its folder must be there
   * @param retryAfter how long after a failure it is tried again, in milliseconds
   */
  constructor(file: string, jobs: Pick<JobService, 'onChange'>, log: TroubleLog, retryAfter = RETRY_AFTER) {
    this.#file = file
    this.#log = log
    this.#retryAfter = retryAfter
    this.#unsubscribe = jobs.onChange(change => {
      if (change.job.source === 'work') this.#add(lineOf(change))
    })
  }

  /** Takes no more lines. Resolves when all are written, or cannot be. */
  async close(): Promise<void> {
    this.#unsubscribe()
    await this.#writing
    // Those of a failed batch have one more chance.
    if (this.#waiting.length > 0) await this.#writeAll()
    this.#cancelRetry()
  }

  #add(line: string): void {
    const bytes = Buffer.from(line)
    if (this.#waitingBytes + bytes.length > MOST_WAITING) {
      this.#lost += 1
      return
    }
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
    this.#write()
  }

  #write(): void {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = null
    })
  }

  async #writeAll(): Promise<void> {
    this.#cancelRetry()
    try {
      while (this.#waiting.length > 0) await this.#writeBatch()
      this.#recovered()
    } catch (error) {
      this.#failed(error)
    }
  }

  async #writeBatch(): Promise<void> {
    const batch = Buffer.concat(this.#waiting)
    const count = this.#waiting.length
    let written = 0
    try {
      const handle = await open(this.#file, 'a')
      try {
        while (written < batch.length) written += (await handle.write(batch, written)).bytesWritten
      } finally {
        await handle.close()
      }
    } finally {
      // A full disk may have taken a part of it: the rest goes on from there.
      this.#waiting.splice(0, count, ...(written < batch.length ? [batch.subarray(written)] : []))
      this.#waitingBytes -= written
    }
  }

  #failed(error: unknown): void {
    this.#retry = setTimeout(() => this.#write(), this.#retryAfter).unref()
    if (this.#failing) return
    this.#failing = true
    this.#log.warn({ err: error, file: this.#file }, 'the work log cannot be written; its lines wait')
  }

  #cancelRetry(): void {
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
  }

  #recovered(): void {
    if (!this.#failing) return
    this.#log.info({ file: this.#file, lost: this.#lost }, 'the work log is written again')
    this.#failing = false
    this.#lost = 0
  }
}

function lineOf({ job, kind, at }: JobChange): string {
  return `Id=${job.id} - ${yearFirst(at)}: ${kind === 'started' ? 'Working...' : endOf(job, kind)}\n`
}

function endOf({ state, error }: JobChange['job'], kind: JobChange['kind']): string {
  const reason = error === null ? '' : ` ${oneLine(error.message)}`
  if (kind === 'retrying') return `Failed, and will be tried again:${reason}`
  if (state === 'succeeded') return 'Done working!'
  if (state === 'timed_out') return `Timed out:${reason}`
  if (state === 'cancelled') return `Cancelled:${reason}`
  return `Failed:${reason}`
}

// What a job says must not look like a line of this log.
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, LONGEST_REASON)
}
