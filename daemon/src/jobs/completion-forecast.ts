import type { QueueStretch } from '../store/job-store.js'
import type { DurationHistory } from './duration-history.js'

/** Up to so many jobs ahead are dealt out to the lane's slots one by one; beyond it they are poured like water. */
const DEALT_OUT = 512

/** The last day of a year of four digits, in whichever time zone it is shown. Later is as good as never. */
export const LATEST_FORECAST = Date.UTC(9999, 11, 31)

/** A job of which the forecast is to tell when it will be done. Instants are epoch milliseconds. */
export interface ForecastJob {
  readonly name: string
  readonly cost: number
  readonly priority: number
  readonly sequence: number
  readonly dueAt: number
  /** Null while it waits. */
  readonly startedAt: number | null
}

export interface LaneOutlook {
  /** How many jobs the lane gets through side by side. */
  readonly parallelism: number
  readonly running: readonly { readonly name: string; readonly cost: number; readonly startedAt: number }[]
  readonly waiting: readonly QueueStretch[]
}

/** What is known of the past, with what the configuration expects where nothing is. */
export interface Experience {
  readonly history: DurationHistory
  /** Milliseconds for one unit of cost. */
  readonly expected: (name: string) => number
}

/**
 * Forecasts when a job will be done: the lane works off what runs and what is ahead in the queue, side by side as far
 * as it can, then the job takes as long as its like usually do.
 *
 * @returns epoch milliseconds: never before `now`, and an instant that can be shown, whatever the costs
 */
export function forecastCompletion(
  job: ForecastJob,
  lane: LaneOutlook,
  { history, expected }: Experience,
  now: number,
): number {
  const usual = (name: string, cost: number) => history.usual(name, cost, expected(name))
  const leftOf = (name: string, cost: number, startedAt: number) =>
    history.remaining(name, cost, Math.max(0, now - startedAt), expected(name))
  if (job.startedAt !== null) return showable(now + leftOf(job.name, job.cost, job.startedAt))

  // What is ahead when its time comes is not known yet: what is ahead now will be gone, or it is a queue of hours.
  const running = lane.running.map(other => leftOf(other.name, other.cost, other.startedAt))
  const wait = waitBehind(running, stretchesAhead(job, lane.waiting, usual), lane.parallelism)
  return showable(Math.max(job.dueAt, now + wait) + usual(job.name, job.cost))
}

function showable(instant: number): number {
  return Math.min(instant, LATEST_FORECAST)
}

/** Jobs that are alike: how many, and how many milliseconds each takes. */
interface Load {
  readonly count: number
  readonly each: number
}

function stretchesAhead(
  job: ForecastJob,
  waiting: readonly QueueStretch[],
  usual: (name: string, cost: number) => number,
): Load[] {
  const loads: Load[] = []
  for (const stretch of waiting) {
    const share = shareAhead(job, stretch)
    const count = Math.round(stretch.count * share)
    if (count > 0) loads.push({ count, each: usual(stretch.name, stretch.cost / stretch.count) })
  }
  return loads
}

/** Which part of a stretch goes before the job. Within a stretch, arrivals are taken as evenly spread. */
function shareAhead(job: ForecastJob, stretch: QueueStretch): number {
  if (stretch.priority !== job.priority) return stretch.priority > job.priority ? 1 : 0
  const { firstSequence, lastSequence } = stretch
  if (job.sequence > lastSequence) return 1
  if (job.sequence <= firstSequence) return 0
  return (job.sequence - firstSequence) / (lastSequence - firstSequence + 1)
}

/** Milliseconds until a lane that runs so many jobs side by side comes to the one behind all these. */
function waitBehind(running: readonly number[], ahead: readonly Load[], parallelism: number): number {
  const slots = Math.max(1, Math.round(parallelism))
  const free = freeTimes(running, slots)
  const count = ahead.reduce((sum, load) => sum + load.count, 0)
  if (count <= DEALT_OUT) {
    for (const load of ahead) for (let n = 0; n < load.count; n++) dealOut(free, load.each)
    return free[0]!
  }
  return waterLevel(
    free,
    ahead.reduce((sum, load) => sum + load.count * load.each, 0),
  )
}

/** When each slot is free, soonest first. More may run than the lane gets done side by side: those share the slots. */
function freeTimes(running: readonly number[], slots: number): number[] {
  const free = new Array<number>(slots).fill(0)
  for (const left of [...running].sort((one, other) => one - other)) dealOut(free, left)
  return free
}

/** Gives the slot that is free first so much to do, and keeps the order. */
function dealOut(free: number[], duration: number): void {
  const end = free[0]! + duration
  let at = 1
  while (at < free.length && free[at]! < end) {
    free[at - 1] = free[at]!
    at++
  }
  free[at - 1] = end
}

/** How high work stands when it is poured over slots that are free at these times, soonest first. */
function waterLevel(free: readonly number[], work: number): number {
  let sum = 0
  for (let filled = 1; filled <= free.length; filled++) {
    sum += free[filled - 1]!
    const level = (work + sum) / filled
    if (filled === free.length || level <= free[filled]!) return level
  }
  return work
}
