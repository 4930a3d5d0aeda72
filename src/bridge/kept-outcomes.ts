import type { HandleName, SentOutcome } from './lending.js'
import { isNestedTooDeep } from './nesting.js'
import type { Port } from './port.js'

/** A lane thread keeps the outcomes of so many tasks for threads that have their handles. */
export const MOST_KEPT = 1_000

/**
 * What became of tasks that ran on this thread, for other threads that were handed their handles: told to those that wait,
 * and kept, up to `MOST_KEPT` of them, for those that will ask. What is not here any more their submitter has.
 */
export class KeptOutcomes {
  readonly #waiting = new Map<string, Set<Port>>()
  readonly #kept = new Map<string, SentOutcome>()
  /** Those that have started here. */
  readonly #running = new Map<string, SentOutcome>()

  /** How many outcomes are kept, or waited for. */
  get size(): number {
    return this.#kept.size + this.#waiting.size + this.#running.size
  }

  /** A thread waits for a task that may run here. */
  wait(name: HandleName, port: Port): void {
    const key = keyOf(name)
    const kept = this.#kept.get(key)
    if (kept !== undefined) {
      tell(port, name, kept)
      return
    }
    const running = this.#running.get(key)
    if (running !== undefined) tell(port, name, running)
    const ports = this.#waiting.get(key)
    if (ports === undefined) this.#waiting.set(key, new Set([port]))
    else ports.add(port)
  }

  /** A thread asks what became of a task, and is answered in any case. */
  fetch(name: HandleName, port: Port): void {
    tell(port, name, this.#kept.get(keyOf(name)) ?? null)
  }

  /** A thread waits no more. */
  forgetWait(name: HandleName, port: Port): void {
    const key = keyOf(name)
    const ports = this.#waiting.get(key)
    if (ports?.delete(port) && ports.size === 0) this.#waiting.delete(key)
  }

  /** Nobody has the task's handle any more. */
  forget(name: HandleName): void {
    const key = keyOf(name)
    this.#kept.delete(key)
    // It has no home any more, by which its end would be seen.
    this.#running.delete(key)
  }

  /** Nobody is to be told any more of the tasks of a sender: it has died. */
  forgetAll(sender: number): void {
    for (const key of this.#kept.keys()) if (key.startsWith(`${sender}:`)) this.#kept.delete(key)
  }

  /**
   * A connection has ended, and with it what the sender has running here: whoever waits for that has been told so. Whether
   * what has become of its tasks is wanted still, as it is if the sender has left, the supervisor says.
   */
  portClosed(port: Port, sender: number): void {
    for (const key of this.#running.keys()) if (key.startsWith(`${sender}:`)) this.#running.delete(key)
    for (const [key, ports] of this.#waiting) {
      if (ports.delete(port) && ports.size === 0) this.#waiting.delete(key)
    }
  }

  /** A task has started here. */
  started(name: HandleName, outcome: SentOutcome): void {
    const key = keyOf(name)
    this.#running.set(key, outcome)
    for (const port of this.#waiting.get(key) ?? []) tell(port, name, outcome)
  }

  /** A task has ended here without an outcome of its own. */
  over(name: HandleName): void {
    this.#running.delete(keyOf(name))
  }

  /**
   * A task has ended here. Of a value that can be cloned no more, since an accessor in it throws, or that others might not be
   * able to read, nothing is told or kept: its submitter has it, and tells those who wait that it has ended.
   */
  ended(name: HandleName, outcome: SentOutcome): void {
    const key = keyOf(name)
    const waiting = this.#waiting.get(key) ?? []
    this.#waiting.delete(key)
    this.#running.delete(key)
    const kept = copyOf(outcome)
    if (kept === null) return
    for (const port of waiting) tell(port, name, kept)
    this.#kept.set(key, kept)
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!)
  }
}

/** The outcome as it is now: the task's module may still change the value. */
function copyOf(outcome: SentOutcome): SentOutcome | null {
  try {
    const value: unknown = structuredClone(outcome.value)
    return isNestedTooDeep(value) ? null : { ...outcome, value }
  } catch {
    return null
  }
}

function tell(port: Port, { owner, sequence }: HandleName, outcome: SentOutcome | null): void {
  port.post({ type: 'outcome', owner, sequence, outcome })
}

function keyOf({ owner, sequence }: HandleName): string {
  return `${owner}:${sequence}`
}
