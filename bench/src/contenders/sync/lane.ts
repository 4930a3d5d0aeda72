import { SchedulerThread } from 'multilane'
import type * as tasks from '../../tasks/empty.js'
import { THREAD_NAME } from '../empty/contender.js'
import type { SyncContender } from './contender.js'

/** A `user-blocking` lane of one thread; all else as it comes. @param spin microseconds, if not the lane's default */
export async function openLane(spin: number | undefined): Promise<SyncContender> {
  const scheduler = await SchedulerThread.start<typeof tasks, typeof THREAD_NAME>({
    tasks: new URL('../../tasks/empty.js', import.meta.url),
    lanes: { [THREAD_NAME]: { priority: 'user-blocking', ...(spin === undefined ? {} : { spin }) } },
  })
  const lane = scheduler.lanes[THREAD_NAME]
  return { call: () => lane.submit('empty').resultSync(), close: () => scheduler.close() }
}
