import type { LaneOptions } from 'multilane'
import type { LaneSettings } from '../config/daemon-config.js'
import type { JobCall, JobEnd, LaneWork } from '../work/job-call.js'
import type { JobDefinition } from './job-definition.js'
import type { JobHandle, JobLane } from './job-lane.js'

const TASKS = new URL('../work/job-tasks.js', import.meta.url)

/**
 * A job that kills its thread is given up after its own limit of interruptions, so that a lane which serves everyone
 * need not be given up for it: it may lose far more threads than a lane of trusted code should.
 */
const RESTART = { max: 1000, within: 10_000 }

/** What a job lane is started with. @param definitions every job: a request may choose another lane for one */
export function jobLaneOptions(
  settings: LaneSettings,
  definitions: Iterable<JobDefinition>,
  channel: string,
  environment: Readonly<Record<string, string>>,
): LaneOptions {
  const jobs = Array.from(definitions, ({ name, work }) => ({ name, work }))
  const workerData: LaneWork = { jobs, channel, environment }
  // What may wait in a lane is bounded by its feed.
  const queue = { limit: Number.POSITIVE_INFINITY }
  return { restart: RESTART, queue, ...settings, tasks: TASKS, workerData }
}

/** How many jobs can be open on a lane at a time, with the library's defaults where nothing is set. */
export function slotsOf({ priority, threads, concurrency }: LaneSettings): number {
  const most = typeof threads === 'object' ? threads.max : (threads ?? 1)
  return most * (concurrency ?? (priority === 'background' ? 1 : 64))
}

/** What the adapter below needs of a started lane. */
interface RunsJobs {
  submit(
    name: 'runJob',
    args: [JobCall],
    options: { readonly priority: number; readonly timeout?: number; readonly onStart: () => void },
  ): JobHandle & { result(): Promise<JobEnd> }
}

export function toJobLane(lane: RunsJobs): JobLane {
  return { submit: (call, options) => lane.submit('runJob', [call], options) }
}
