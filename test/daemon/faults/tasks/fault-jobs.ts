import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/*
 * Jobs for daemons that faults befall. The file is copied beside a configuration, so it imports nothing but Node's own.
 * Each lane's environment names the folder where they leave their marks.
 */

interface Terms {
  readonly id: string
  readonly attempt: number
  readonly signal: AbortSignal
}

function mark(what: string, { id, attempt }: Terms): void {
  appendFileSync(join(process.env.MARKS ?? '', 'runs.txt'), `${what} ${id} ${attempt}\n`)
}

export function quick(input: unknown, terms: Terms): unknown {
  mark('quick', terms)
  return input ?? null
}

/** Runs until there is a file `open`, or its signal fires. */
export async function hold(_input: unknown, terms: Terms): Promise<void> {
  mark('begun', terms)
  while (!existsSync(join(process.env.MARKS ?? '', 'open')))
    await sleep(10, undefined, { signal: terms.signal })
  mark('ended', terms)
}

export async function neighbour(_input: unknown, terms: Terms): Promise<void> {
  mark('begun', terms)
  await sleep(200, undefined, { signal: terms.signal })
  mark('ended', terms)
}

/** Takes its whole thread along. */
export function exitThread(_input: unknown, terms: Terms): void {
  mark('exits', terms)
  process.exit(3)
}

/** Takes the whole daemon along. */
export async function killDaemon(_input: unknown, terms: Terms): Promise<void> {
  mark('kills', terms)
  process.kill(process.pid, 'SIGKILL')
  await sleep(60_000)
}
