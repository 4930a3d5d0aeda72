import { randomUUID } from 'node:crypto'
import { homedir } from 'node:os'
import { type LaneOptions, SchedulerThread, type TaskHandle } from 'multilane'
import type { JobCall, JobEnd, JobSignal, LaneWork } from '#daemon/work/job-call.js'
import { JobSignalReceiver } from '#daemon/work/job-signal-receiver.js'
import type * as jobTasks from '#daemon/work/job-tasks.js'
import { repoRoot } from '../../support/repo-root.js'

const tasks = `${repoRoot}/daemon/dist/work/job-tasks.js`

type Work = LaneWork['jobs'][number]['work']

export interface JobLane {
  /** The ids of the jobs that told of their start. */
  readonly started: readonly string[]
  /** What else they told. */
  readonly signals: readonly JobSignal[]
  readonly scheduler: SchedulerThread<typeof jobTasks, 'jobs'>
  submit(
    name: string,
    input?: unknown,
    options?: { timeout?: number },
  ): { call: JobCall; task: TaskHandle<JobEnd> }
  run(name: string, input?: unknown): Promise<JobEnd>
  [Symbol.asyncDispose](): Promise<void>
}

export const sampleJob = (exported: string): Work => ({
  kind: 'task',
  module: new URL('./tasks/sample-jobs.js', import.meta.url).href,
  exported,
})

export const command = (text: string, more: { cwd?: string; env?: Record<string, string> } = {}): Work => ({
  kind: 'shell',
  command: text,
  cwd: '/',
  env: {},
  ...more,
})

/** A lane that runs these jobs, and what its threads tell of them. */
export async function startJobLane(
  works: Readonly<Record<string, Work>>,
  options: LaneOptions = {},
): Promise<JobLane> {
  const environment = { HOME: homedir(), PATH: process.env.PATH ?? '' }
  const channel = `test-${randomUUID()}`
  const signals: JobSignal[] = []
  const receiver = new JobSignalReceiver(channel)
  const started: string[] = []
  receiver.on(signal => void (signal.kind === 'started' ? started.push(signal.id) : signals.push(signal)))
  const jobs = Object.entries(works).map(([name, work]) => ({ name, work }))
  let scheduler: SchedulerThread<typeof jobTasks, 'jobs'>
  try {
    scheduler = await SchedulerThread.start<typeof jobTasks, 'jobs'>({
      tasks,
      lanes: { jobs: { ...options, workerData: { jobs, channel, environment } satisfies LaneWork } },
    })
  } catch (error) {
    receiver.close()
    throw error
  }
  const lane: JobLane = {
    started,
    signals,
    scheduler,
    submit(name, input, taskOptions = {}) {
      const text = input === undefined ? null : JSON.stringify(input)
      const call = { id: randomUUID(), name, attempt: 1, input: text }
      return { call, task: scheduler.lanes.jobs.submit('runJob', [call], taskOptions) }
    },
    run: (name, input) => lane.submit(name, input).task.result(),
    async [Symbol.asyncDispose]() {
      await scheduler.close({ timeout: 10_000 })
      receiver.close()
    },
  }
  return lane
}
