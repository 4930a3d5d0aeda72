import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createDaemon, type Daemon, type JobRequest, readConfig } from 'multilaned'
import { ownTime } from '../foreign-load.js'
import type { Open } from './subject.js'

/** As in a daemon's YAML file. A lane's `env` is given the file that lets gated jobs run. */
export interface DaemonSetup {
  readonly lanes: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly jobs: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

export interface Submission {
  readonly name: string
  readonly input?: unknown
  /** Milliseconds until it may start. */
  readonly delay?: number
}

export type DaemonRequest =
  | { readonly ask: 'address' | 'processorTime' | 'finished' }
  | { readonly ask: 'gate'; readonly open: boolean }
  | { readonly ask: 'submit'; readonly jobs: readonly Submission[]; readonly times: number }
  | { readonly ask: 'submitFor'; readonly job: Submission; readonly inFlight: number; readonly time: number }
  | { readonly ask: 'outcomes'; readonly ids: readonly string[] }

/** Epoch milliseconds by the daemon's clock, with fractions. */
export interface Outcome {
  readonly acceptedAt: number
  readonly startedAt: number
  readonly finishedAt: number
  readonly result: unknown
}

export interface DaemonAnswers {
  readonly address: string
  /** Milliseconds. */
  readonly processorTime: number
  /** How many jobs have ended so far, by name. */
  readonly finished: Readonly<Record<string, number>>
  readonly gate: null
  /** The ids, in the order of the jobs. */
  readonly submit: readonly string[]
  /** Jobs a second. */
  readonly submitFor: number
  readonly outcomes: readonly Outcome[]
}

/** Where the checkout is, a file is on a disk; a folder for temporary files may be in memory. */
const DATA = fileURLToPath(new URL('../../build/data/', import.meta.url))
const TASKS = fileURLToPath(new URL('../tasks/', import.meta.url))
const BATCH = 5_000
const LOOK_AGAIN_MS = 20

/** A daemon that serves, with a new store; closed without waiting for its jobs. */
export const open: Open<DaemonSetup, DaemonRequest, DaemonAnswers[keyof DaemonAnswers]> = async setup => {
  await mkdir(DATA, { recursive: true })
  const data = await mkdtemp(join(DATA, 'daemon-'))
  const gate = join(data, 'gate')
  const config = readConfig(
    {
      listen: { port: 0 },
      data,
      lanes: Object.fromEntries(
        Object.entries(setup.lanes).map(([name, lane]) => [name, { ...lane, env: { GATE: gate } }]),
      ),
      job: setup.jobs,
      work: { log: join(data, 'log.txt') },
      retention: { count: 10_000_000 },
      log: { level: 'error' },
    },
    { folder: TASKS },
  )
  const daemon = await createDaemon(config)
  const finished: Record<string, number> = {}
  daemon.jobs.onChange(({ kind, job }) => {
    if (kind === 'finished') finished[job.name] = (finished[job.name] ?? 0) + 1
  })
  return {
    async round(request) {
      switch (request.ask) {
        case 'address':
          return daemon.address
        case 'processorTime':
          return ownTime()
        case 'finished':
          return finished
        case 'gate':
          await (request.open ? writeFile(gate, '') : rm(gate, { force: true }))
          return null
        case 'submit':
          return submitAll(daemon, request.jobs, request.times)
        case 'submitFor':
          return submitFor(daemon, request.job, request.inFlight, request.time)
        case 'outcomes':
          return Promise.all(request.ids.map(id => outcomeOf(daemon, id)))
      }
    },
    async close() {
      await daemon.stop({ drain: 0 })
      await rm(data, { recursive: true })
    },
  }
}

async function submitAll(daemon: Daemon, wanted: readonly Submission[], times: number): Promise<string[]> {
  const all = Array.from({ length: times }, () => wanted).flat()
  const ids: string[] = []
  while (ids.length < all.length) {
    const batch = all.slice(ids.length, ids.length + BATCH).map(requestOf)
    const { jobs } = await daemon.jobs.submit(batch)
    for (const { id } of jobs) ids.push(id)
  }
  return ids
}

async function submitFor(daemon: Daemon, job: Submission, inFlight: number, time: number): Promise<number> {
  const start = performance.now()
  let accepted = 0
  const submitter = async (): Promise<void> => {
    while (performance.now() - start < time) {
      await daemon.jobs.submit([requestOf(job)])
      accepted++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, submitter))
  return (accepted / (performance.now() - start)) * 1000
}

function requestOf({ name, input, delay }: Submission): JobRequest {
  return { name, source: 'embedded', input, ...(delay !== undefined && { dueAt: Date.now() + delay }) }
}

async function outcomeOf(daemon: Daemon, id: string): Promise<Outcome> {
  let job = await daemon.jobs.get(id)
  while (job !== undefined && job.finishedAt === null) {
    await sleep(LOOK_AGAIN_MS)
    job = await daemon.jobs.get(id)
  }
  if (job?.state !== 'succeeded' || job.startedAt === null || job.finishedAt === null) {
    throw new Error(`job ${id} ended as ${job?.state}: ${job?.error?.message}`)
  }
  const { acceptedAt, startedAt, finishedAt } = job
  const result = await daemon.jobs.result(id)
  return { acceptedAt, startedAt, finishedAt, result: result == null ? null : JSON.parse(result) }
}
