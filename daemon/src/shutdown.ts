import type { Engine } from './engine.js'
import type { Clock } from './jobs/clock.js'
import { endGroup } from './work/process-group.js'

/** For a job that was told to end: longer than the grace of its lane, and than that of a command. */
const CUT_OFF_MS = 8000
/** For ends that a store in trouble does not take. The jobs run again then, which is better than not to end. */
const RECORD_MS = 2000

export interface ShutdownOptions {
  /** Milliseconds for the running jobs. */
  readonly drain: number
  /** Cuts the drain short. */
  readonly hasten: AbortSignal
  readonly clock: Clock
}

/**
 * Takes no more jobs, lets the running ones finish, then cuts off what still runs: it stays to be done.
 *
 * @returns how many jobs were cut off while they ran
 */
export async function shutDown(
  { jobs, runners, keeper }: Pick<Engine, 'jobs' | 'runners' | 'keeper'>,
  { drain, hasten, clock }: ShutdownOptions,
): Promise<number> {
  const claimed = jobs.close()
  const idle = claimed.then(() => Promise.all(runners.map(runner => runner.idle())))
  await within(drain, idle, clock, hasten)

  let cutOff = 0
  for (const runner of runners) cutOff += runner.cutOff()
  if (hasten.aborted) await killCommands(runners)
  await within(CUT_OFF_MS, idle, clock, hasten)
  await within(RECORD_MS, keeper.settled(), clock)
  keeper.abandon()
  return cutOff
}

/** Resolves when the work is done, its time is over, or it is hastened. */
async function within(
  limit: number,
  work: Promise<unknown>,
  clock: Clock,
  hasten?: AbortSignal,
): Promise<void> {
  if (hasten?.aborted) limit = Math.min(limit, RECORD_MS)
  let stop: () => void = () => {}
  const over = new Promise<void>(resolve => {
    const cancel = clock.after(limit, resolve)
    hasten?.addEventListener('abort', () => resolve())
    stop = cancel
  })
  await Promise.race([work, over])
  stop()
}

async function killCommands(runners: Engine['runners']): Promise<void> {
  const commands = runners.flatMap(runner => [...runner.attempts]).filter(({ process }) => process !== null)
  await Promise.all(commands.map(({ process, job }) => endGroup(process!, { jobId: job.id, grace: 0 })))
}
