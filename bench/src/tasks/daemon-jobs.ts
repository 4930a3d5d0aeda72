/** What the daemon runs while it is measured. */
import { pbkdf2Sync } from 'node:crypto'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { monotonicNow } from '../monotonic-now.js'

const GATE_LOOK_MS = 100

/** Nothing but being accepted, started and settled. */
export function nothing(): void {}

/** Witnesses its own start, by the clock that all processes of the machine share. */
export function witness(): number {
  return monotonicNow()
}

/** Bulk work that lives in native code and makes no garbage. */
export async function hash({ iterations }: { readonly iterations: number }): Promise<void> {
  await gate()
  burn({ iterations })
}

/** Bulk work as most of it is: it allocates, and keeps the garbage collector's helper threads busy. */
export async function parse({ records }: { readonly records: number }): Promise<number> {
  await gate()
  const made = Array.from({ length: records }, (_, index) => ({
    id: index,
    name: `record ${index}`,
    tags: ['a', 'b', String(index)],
    at: { x: index / 3, y: index / 7 },
  }))
  const read = JSON.parse(JSON.stringify(made)) as typeof made
  return read.reduce((sum, { at }) => sum + at.x, 0)
}

export function burn({ iterations }: { readonly iterations: number }): void {
  pbkdf2Sync('password', 'salt', iterations, 32, 'sha256')
}

/** Waits `valor` seconds without holding its thread. */
export async function rest({ valor }: { readonly valor: number }): Promise<void> {
  await sleep(valor * 1000)
}

/** Bulk work rests between the rounds that are to have it, so that other daemons can be measured meanwhile. */
async function gate(): Promise<void> {
  const file = process.env.GATE
  while (file !== undefined && !existsSync(file)) await sleep(GATE_LOOK_MS)
}
