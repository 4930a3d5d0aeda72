import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDisturbed, machineTime, ownTime } from './foreign-load.js'
import { type Measured, SubjectProcess } from './subject-process.js'
import type {
  DaemonAnswers,
  DaemonRequest,
  DaemonSetup,
  Outcome,
  open,
  Submission,
} from './subjects/daemon.js'

/** Until gated jobs have seen that they may run, or that they may not. */
const GATE_SEEN_MS = 300

/** A daemon in a process of its own, for clients in this one. */
export class DaemonProcess {
  readonly address: string
  readonly #subject: SubjectProcess<typeof open>

  static async open(setup: DaemonSetup): Promise<DaemonProcess> {
    const subject = await SubjectProcess.open<typeof open>('daemon', setup)
    const { figures } = await subject.round({ ask: 'address' })
    return new DaemonProcess(subject, figures as string)
  }

  private constructor(subject: SubjectProcess<typeof open>, address: string) {
    this.#subject = subject
    this.address = address
  }

  /** Submits the jobs in this order, so many times over, without HTTP. @returns their ids */
  submit(jobs: readonly Submission[], times = 1): Promise<readonly string[]> {
    return this.#ask('submit', { ask: 'submit', jobs, times })
  }

  /** Submits single jobs without HTTP for some milliseconds. @returns jobs a second */
  submitFor(job: Submission, inFlight: number, time: number): Promise<number> {
    return this.#ask('submitFor', { ask: 'submitFor', job, inFlight, time })
  }

  /** Waits until the jobs have ended. */
  outcomes(ids: readonly string[]): Promise<readonly Outcome[]> {
    return this.#ask('outcomes', { ask: 'outcomes', ids })
  }

  /** How many jobs of that name have ended so far. */
  async finished(name: string): Promise<number> {
    return (await this.#ask('finished', { ask: 'finished' }))[name] ?? 0
  }

  /** Lets gated jobs run while something is done. */
  async whileBusy<T>(work: () => Promise<T>): Promise<T> {
    await this.#gate(true)
    try {
      return await work()
    } finally {
      await this.#gate(false)
    }
  }

  /** Measures something, and whether others than this daemon and its client kept the machine busy meanwhile. */
  async measure<F>(work: () => Promise<F>): Promise<Measured<F>> {
    const foreign = async (): Promise<number> => {
      const own = await this.#ask('processorTime', { ask: 'processorTime' })
      return machineTime() - ownTime() - own
    }
    const start = performance.now()
    const before = await foreign()
    const figures = await work()
    const used = (await foreign()) - before
    return { figures, disturbed: isDisturbed(used, performance.now() - start, availableParallelism()) }
  }

  close(): Promise<void> {
    return this.#subject.close()
  }

  async #gate(open: boolean): Promise<void> {
    await this.#ask('gate', { ask: 'gate', open })
    await sleep(GATE_SEEN_MS)
  }

  /** The answers are as the subject gives them: `ask` tells which. */
  async #ask<K extends keyof DaemonAnswers>(_ask: K, request: DaemonRequest): Promise<DaemonAnswers[K]> {
    return (await this.#subject.round(request)).figures as DaemonAnswers[K]
  }
}
