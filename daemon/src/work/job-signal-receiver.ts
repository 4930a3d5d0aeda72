import { BroadcastChannel } from 'node:worker_threads'
import type { ProcessIdentity } from '../store/job-store.js'
import type { JobSignal } from './job-call.js'

/**
 * The main thread's end of the channel for {@link JobSignal}. What one thread sends arrives in its order, but not in
 * any order with the answers of the lane: a job may be settled before its last signals come, and the reverse.
 *
 * It does not keep the process alive.
 */
export class JobSignalReceiver {
  readonly #channel: BroadcastChannel
  readonly #listeners = new Set<(signal: JobSignal) => void>()
  #strays = 0

  /** @param name the channel's, as the lanes are told it */
  constructor(name: string) {
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = event => this.#receive((event as { readonly data: unknown }).data)
    this.#channel.unref()
  }

  /** How many messages were dropped because they made no sense. */
  get strays(): number {
    return this.#strays
  }

  /** @returns takes the listener away */
  on(listener: (signal: JobSignal) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  close(): void {
    this.#listeners.clear()
    this.#channel.close()
  }

  #receive(message: unknown): void {
    if (!isJobSignal(message)) {
      this.#strays++
      return
    }
    for (const listener of this.#listeners) listener(message)
  }
}

function isJobSignal(message: unknown): message is JobSignal {
  if (typeof message !== 'object' || message === null) return false
  const { kind, id, attempt, process, tail } = message as Record<string, unknown>
  if (typeof id !== 'string' || !isCount(attempt)) return false
  if (kind === 'started') return true
  if (kind === 'process') return isIdentity(process)
  return (kind === 'output' || kind === 'gone') && typeof tail === 'string'
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false
  const { pid, startTicks, bootId } = value as Record<string, unknown>
  return isCount(pid) && typeof startTicks === 'string' && typeof bootId === 'string'
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) > 0
}
