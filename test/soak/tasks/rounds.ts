import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask } from 'multilane/task'

export function echo(value: unknown): unknown {
  return value
}

export async function wait(ms: number): Promise<number> {
  await sleep(ms, undefined, { signal: currentTask().signal })
  return ms
}

export function fail(): never {
  throw new RangeError('as it should')
}

export function exit(code: number): never {
  process.exit(code)
}

export function fill(buffer: ArrayBuffer): ArrayBuffer {
  new Uint8Array(buffer).fill(1)
  return buffer
}
