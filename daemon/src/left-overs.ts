import type { Logger } from 'pino'
import { isFinal } from './jobs/job.js'
import type { JobStore, Recovery } from './store/job-store.js'
import { leftOverCommands } from './work/left-over-commands.js'
import { endGroup, endSession, type GroupEnd } from './work/process-group.js'

/** How long they have to end by themselves, in milliseconds: all jobs wait for that, and nobody for what they still do. */
const GRACE_MS = 1_000

/**
 * Ends the commands that an earlier daemon on the same store has left running: none runs beside its own next attempt.
 *
 * Most are on record. One that was started just before its daemon died need not be: it is known by its environment,
 * and its job by the store. What an ended job has left behind on purpose stays.
 */
export async function endLeftOvers(
  { claims, interrupted }: Recovery,
  store: Pick<JobStore, 'get'>,
  log: Logger,
): Promise<void> {
  if (claims > 0) {
    log.warn(
      { claims, running: interrupted.length },
      'the daemon before this one died; its jobs are taken up',
    )
  }
  const report = (job: string, pid: number, end: GroupEnd) => {
    if (end !== 'gone') log.warn({ job, pid, end }, 'a command of an earlier attempt was left')
  }
  await Promise.all(
    interrupted.map(async ({ id, process }) => {
      if (process !== null) report(id, process.pid, await endGroup(process, { jobId: id, grace: GRACE_MS }))
    }),
  )
  const unrecorded = await leftOverCommands()
  await Promise.all(
    unrecorded.map(async ({ jobId, session }) => {
      const job = await store.get(jobId)
      if (job !== undefined && !isFinal(job.state))
        report(jobId, session, await endSession(session, GRACE_MS))
    }),
  )
}
