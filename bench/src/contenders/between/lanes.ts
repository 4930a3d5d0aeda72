import { SchedulerThread } from 'multilane'
import { pump } from '../../pump.js'
import type * as tasks from '../../tasks/lane-to-lane.js'
import { type BetweenContender, FAR, NEAR } from './contender.js'

/** Two `user-blocking` lanes of one thread each; all else as it comes. */
export async function openLanes(): Promise<BetweenContender> {
  const scheduler = await SchedulerThread.start<typeof tasks, tasks.Names>({
    tasks: new URL('../../tasks/lane-to-lane.js', import.meta.url),
    lanes: { [NEAR]: { priority: 'user-blocking' }, [FAR]: { priority: 'user-blocking' } },
  })
  const { near, far } = scheduler.lanes
  return {
    trips: (parking, samples) => near.run('trips', [parking, samples]),
    rate: (parking, calls, inFlight) => near.run('rate', [parking, calls, inFlight]),
    async rateFromMain(calls, inFlight) {
      const start = performance.now()
      await pump(() => far.run('empty'), calls, inFlight)
      return (calls / (performance.now() - start)) * 1000
    },
    close: () => scheduler.close(),
  }
}
