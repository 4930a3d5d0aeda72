import { setTimeout as sleep } from 'node:timers/promises'
import type { DaemonProcess } from './daemon-process.js'

/** What a job's estimate was worth. Times are in milliseconds. */
export interface EstimateError {
  readonly state: 'queued' | 'running'
  readonly lane: string
  /** From the real end to the estimated one; negative if the job ended later than was told. */
  readonly error: number
  /** From the poll to the real end. */
  readonly remaining: number
}

interface Poll {
  /** Epoch milliseconds. */
  readonly at: number
  readonly doneAt: number
}

/** Mean milliseconds between polls. */
const PAUSE_MS = 12

/** One lane's jobs, in the order of their arrival. */
export interface LaneQueue {
  readonly name: string
  readonly ids: readonly string[]
  /** As many of them as may run at a time. */
  readonly slots: number
}

/**
 * Asks for estimates at random instants until all jobs have ended: each time of a lane taken at random, for any of its
 * jobs or for one of the first, so that jobs that run are met as well.
 */
export async function pollEstimates(
  daemon: DaemonProcess,
  lanes: readonly LaneQueue[],
  random: () => number,
): Promise<EstimateError[]> {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]
  const open = lanes.map(lane => ({ ...lane, ids: [...lane.ids] }))
  const polls: (Poll & { readonly id: string; readonly lane: string })[] = []
  for (;;) {
    const lane = pick(open.filter(({ ids }) => ids.length > 0))
    if (lane === undefined) break
    const { name, ids, slots } = lane
    const id = pick(random() < 0.5 ? ids.slice(0, slots) : ids)!
    const poll = await askFor(daemon, id)
    if (poll === 'done') {
      ids.splice(ids.indexOf(id), 1)
    } else {
      polls.push({ ...poll, id, lane: name })
      await sleep(-Math.log(1 - random()) * PAUSE_MS)
    }
  }
  const outcomes = await daemon.outcomes(polls.map(({ id }) => id))
  return polls.flatMap(({ lane, at, doneAt }, index) => {
    const { startedAt, finishedAt } = outcomes[index]!
    const remaining = finishedAt - at
    // It ended while it was asked for.
    if (remaining <= 0) return []
    return { state: at < startedAt ? 'queued' : 'running', lane, error: doneAt - finishedAt, remaining }
  })
}

async function askFor(daemon: DaemonProcess, id: string): Promise<Poll | 'done'> {
  const sent = Date.now()
  const answer = await fetch(`${daemon.address}/api?id=${id}`)
  const body = (await answer.json()) as { readonly seconds_to_completion?: number }
  if (answer.status === 200) return 'done'
  const seconds = body.seconds_to_completion
  if (answer.status !== 202 || seconds === undefined) {
    throw new Error(`GET /api was answered ${answer.status}: ${JSON.stringify(body)}`)
  }
  const at = (sent + Date.now()) / 2
  return { at, doneAt: at + seconds * 1000 }
}
