import { BroadcastChannel } from 'node:worker_threads'
import type { ProcessIdentity } from '../store/job-store.js'
import type { JobCall, JobSignal } from './job-call.js'
import type { OutputTail } from './output-tail.js'

/** Milliseconds between two looks at a job's output. */
const OUTPUT_EVERY_MS = 250

/**
 * A lane thread's end of the daemon's channel for {@link JobSignal}.
 *
 * Every open BroadcastChannel gets what every other thread sends, so it is open only for as long as a job has more
 * to tell than its start.
 */
export class JobSignals {
  readonly #name: string
  readonly #now: () => number
  readonly #speaking = new Set<JobVoice>()
  #channel: BroadcastChannel | null = null
  #closed = false

  /**
   * @param name the channel's
   * @param now milliseconds of a clock that never goes back
   */
  constructor(name: string, now: () => number = () => performance.now()) {
    this.#name = name
    this.#now = now
  }

  /** @param tail where the job's output is kept */
  voiceOf(call: Pick<JobCall, 'id' | 'attempt'>, tail: OutputTail): JobVoice {
    return new JobVoice(call, tail, this.#now, (voice, signal) => this.#send(voice, signal))
  }

  /** Sends nothing from now on: the thread is about to go. */
  close(): void {
    this.#closed = true
    this.#speaking.clear()
    this.#release()
  }

  #send(voice: JobVoice, signal: JobSignal): void {
    if (this.#closed) return
    if (this.#channel === null) {
      this.#channel = new BroadcastChannel(this.#name)
      this.#channel.unref()
    }
    this.#channel.postMessage(signal)
    if (signal.kind === 'gone') this.#speaking.delete(voice)
    else if (signal.kind !== 'started') this.#speaking.add(voice)
    if (this.#speaking.size === 0) this.#release()
  }

  #release(): void {
    this.#channel?.close()
    this.#channel = null
  }
}

/** What one attempt of a job tells of itself; one that is over within 250 ms and has no process tells only its start. */
export class JobVoice {
  readonly #job: { readonly id: string; readonly attempt: number }
  readonly #tail: OutputTail
  readonly #now: () => number
  readonly #send: (voice: JobVoice, signal: JobSignal) => void
  #timer: NodeJS.Timeout | null = null
  #nextAt: number
  #sent = 0
  #hasSpoken = false
  #isGone = false

  constructor(
    { id, attempt }: Pick<JobCall, 'id' | 'attempt'>,
    tail: OutputTail,
    now: () => number,
    send: (voice: JobVoice, signal: JobSignal) => void,
  ) {
    this.#job = { id, attempt }
    this.#tail = tail
    this.#now = now
    this.#send = send
    this.#nextAt = now() + OUTPUT_EVERY_MS
  }

  /** It is about to run. */
  starts(): void {
    this.#send(this, { ...this.#job, kind: 'started' })
  }

  /** Its command runs as the head of this process group. */
  runsAs(process: ProcessIdentity): void {
    this.#say({ ...this.#job, kind: 'process', process })
  }

  /** There is new output. */
  outputChanged(): void {
    if (this.#isGone) return
    const wait = this.#nextAt - this.#now()
    // Not left to the timer, which does not fire while a synchronous job holds the thread.
    if (wait <= 0) this.#sayOutput()
    else if (this.#timer === null) {
      this.#timer = setTimeout(() => this.#sayOutput(), wait)
      this.#timer.unref()
    }
  }

  /** Nothing of the job is left; what is called after this sends nothing. */
  gone(): void {
    this.#stopTimer()
    if (this.#hasSpoken) this.#say({ ...this.#job, kind: 'gone', tail: this.#tail.text() })
    this.#isGone = true
  }

  #sayOutput(): void {
    this.#stopTimer()
    if (this.#tail.written === this.#sent) return
    this.#sent = this.#tail.written
    this.#nextAt = this.#now() + OUTPUT_EVERY_MS
    this.#say({ ...this.#job, kind: 'output', tail: this.#tail.text() })
  }

  #say(signal: JobSignal): void {
    if (this.#isGone) return
    this.#hasSpoken = true
    this.#send(this, signal)
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
