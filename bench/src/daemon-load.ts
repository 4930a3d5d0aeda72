import { availableParallelism } from 'node:os'
import { DaemonProcess } from './daemon-process.js'
import { iterationsFor } from './pbkdf2-work.js'
import type { DaemonSetup } from './subjects/daemon.js'

/** What burns every core: native code that makes no garbage, or objects without end. */
export const BULK = ['hash', 'parse'] as const
export type BulkKind = (typeof BULK)[number]

/** How the bulk work of a kind is named in the outcome. */
export const BULK_NAMES: Readonly<Record<BulkKind, string>> = {
  hash: 'hashing bulk jobs',
  parse: 'bulk jobs that parse JSON',
}

const JOB_MS = 6
/** As JSON text and objects, about as much work. */
const PARSED_RECORDS = 3_500
/** What waits is not to run out. */
const BACKLOG = 100_000

const SETUP: DaemonSetup = {
  lanes: {
    urgent: { priority: 'user-blocking' },
    bulk: { priority: 'background', threads: availableParallelism() },
  },
  jobs: {
    witness: { task: './daemon-jobs.js#witness', lane: 'urgent' },
    hash: { task: './daemon-jobs.js#hash', lane: 'bulk' },
    parse: { task: './daemon-jobs.js#parse', lane: 'bulk' },
  },
}

export type Load = 'idle' | BulkKind

/** A daemon with nothing to do, and for each kind of bulk work one with a backlog that it works on when told to. */
export async function openLoads(quick: boolean): Promise<Record<Load, DaemonProcess>> {
  const idle = await DaemonProcess.open(SETUP)
  const hash = await DaemonProcess.open(SETUP)
  const parse = await DaemonProcess.open(SETUP)
  const backlog = quick ? BACKLOG / 10 : BACKLOG
  await hash.submit([{ name: 'hash', input: { iterations: iterationsFor(JOB_MS) } }], backlog)
  await parse.submit([{ name: 'parse', input: { records: PARSED_RECORDS } }], backlog)
  return { idle, hash, parse }
}
