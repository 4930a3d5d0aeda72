import { setTimeout as sleep } from 'node:timers/promises'
import { threadId, workerData } from 'node:worker_threads'

export * from './plain.js'

/** What a test gives its lane, and looks at afterwards. */
export interface LifeLog {
  /** How often setup ran, how often teardown ended. */
  readonly counts: Int32Array
  readonly greeting: string
}

const seen: { log?: LifeLog; setups: number } = { setups: 0 }

export async function setup(log: LifeLog): Promise<void> {
  await sleep(1)
  seen.log = log
  seen.setups++
  Atomics.add(log.counts, 0, 1)
}

export async function teardown(): Promise<void> {
  await sleep(5)
  if (seen.log !== undefined) Atomics.add(seen.log.counts, 1, 1)
}

export function greet(): readonly [greeting: string | undefined, setups: number, thread: number] {
  return [seen.log?.greeting, seen.setups, threadId]
}

export function environment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env }
}

export function argumentsOfNode(): readonly string[] {
  return process.execArgv
}

export function moduleUrl(): string {
  return import.meta.url
}

export function hasWorkerData(): boolean {
  return workerData !== undefined
}
