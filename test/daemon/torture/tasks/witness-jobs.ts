import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/*
 * Jobs that write down that they run. The file is copied beside a configuration, so it imports nothing but Node's own.
 */

interface Terms {
  readonly id: string
  readonly attempt: number
  readonly signal: AbortSignal
}

/** One short line, appended in one call: lines of several threads and processes never mix. */
function witness(kind: 'start' | 'end' | 'fail', { id, attempt }: Terms): void {
  const { WITNESS = '', LIFE = '' } = process.env
  appendFileSync(WITNESS, `${kind} ${LIFE} ${id} ${attempt} ${Date.now()}\n`)
}

function numberIn(input: unknown, field: string, otherwise: number): number {
  if (typeof input !== 'object' || input === null) return otherwise
  const value: unknown = Reflect.get(input, field)
  return typeof value === 'number' ? value : otherwise
}

export async function quick(_input: unknown, terms: Terms): Promise<void> {
  witness('start', terms)
  await sleep(1)
  witness('end', terms)
}

/** Waits `valor` seconds, with its loop free. */
export async function wait(input: unknown, terms: Terms): Promise<void> {
  witness('start', terms)
  await sleep(numberIn(input, 'valor', 0.1) * 1000, undefined, { signal: terms.signal })
  witness('end', terms)
}

/** Holds its thread for `ms` milliseconds. */
export function burn(input: unknown, terms: Terms): void {
  witness('start', terms)
  const until = performance.now() + numberIn(input, 'ms', 15)
  while (performance.now() < until) Math.sqrt(until)
  witness('end', terms)
}

/** Fails unless its number is two or more. */
export async function flaky(_input: unknown, terms: Terms): Promise<void> {
  witness('start', terms)
  await sleep(5)
  if (terms.attempt < 2) {
    witness('fail', terms)
    throw new Error('the first attempt fails')
  }
  witness('end', terms)
}

export async function doomed(_input: unknown, terms: Terms): Promise<void> {
  witness('start', terms)
  await sleep(5)
  witness('fail', terms)
  throw new Error('every attempt fails')
}
