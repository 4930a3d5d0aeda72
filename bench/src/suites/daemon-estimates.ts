import { DaemonProcess } from '../daemon-process.js'
import { type EstimateError, pollEstimates } from '../estimate-polls.js'
import { MIXED_SETUP, mixedJobs } from '../mixed-jobs.js'
import { interleave } from '../rounds.js'
import { quantile } from '../statistics.js'
import type { Measured } from '../subject-process.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

type Past = 'none' | 'some'

const PASTS: Readonly<Record<Past, string>> = { none: 'without a history', some: 'with a history' }

/** How far the estimates of `GET /api?id=` are off, while short, long and waiting jobs queue on three lanes. */
export const daemonEstimates: Suite = async effort => {
  const scale = effort.quick ? 0.3 : 1
  const { mixed } = await interleave<'mixed', Record<Past, EstimateError[]>>(turnsOf(effort, 3, 1), {
    mixed: () => workOffTwice(scale),
  })
  const rows = (['none', 'some'] as const).flatMap(past => {
    const errors = mixed.flatMap(figures => figures[past])
    return (['queued', 'running'] as const).flatMap(state => rowsOf(past, state, errors))
  })
  return { rows, figures: mixed }
}

/** A new daemon works off jobs of which it knows nothing, and then others like them. */
async function workOffTwice(scale: number): Promise<Measured<Record<Past, EstimateError[]>>> {
  const daemon = await DaemonProcess.open(MIXED_SETUP)
  try {
    return await daemon.measure(async () => ({
      none: await workOff(daemon, scale),
      some: await workOff(daemon, scale),
    }))
  } finally {
    await daemon.close()
  }
}

async function workOff(daemon: DaemonProcess, scale: number): Promise<EstimateError[]> {
  const jobs = mixedJobs(scale, Math.random)
  const ids = await daemon.submit(jobs)
  const lanes = Object.entries(MIXED_SETUP.lanes).map(([name, { threads, concurrency }]) => ({
    name,
    ids: ids.filter((_, index) => MIXED_SETUP.jobs[jobs[index]!.name]?.lane === name),
    slots: Number(threads) * Number(concurrency ?? 1),
  }))
  return pollEstimates(daemon, lanes, Math.random)
}

function rowsOf(past: Past, state: EstimateError['state'], all: readonly EstimateError[]): Row[] {
  const errors = all.filter(error => error.state === state)
  if (errors.length === 0) return []
  const relative = errors.map(({ error, remaining }) => (Math.abs(error) / remaining) * 100)
  const absolute = errors.map(({ error }) => Math.abs(error))
  const what = `estimate of a ${state} job, ${PASTS[past]}`
  const note = `${errors.length} polls`
  return [
    { what: `${what}, error of the time left, median`, unit: '%', ours: quantile(relative, 0.5), note },
    { what: `${what}, error of the time left, p90`, unit: '%', ours: quantile(relative, 0.9) },
    { what: `${what}, error, median`, unit: 'ms', ours: quantile(absolute, 0.5) },
    { what: `${what}, error, p90`, unit: 'ms', ours: quantile(absolute, 0.9) },
  ]
}
