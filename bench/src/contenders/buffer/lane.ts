import { SchedulerThread } from 'multilane'
import type * as tasks from '../../tasks/buffer.js'
import type { Receiver } from './receiver.js'

export async function openLane(): Promise<Receiver> {
  const scheduler = await SchedulerThread.start<typeof tasks, 'lane'>({
    tasks: new URL('../../tasks/buffer.js', import.meta.url),
    lanes: { lane: {} },
  })
  const { lane } = scheduler.lanes
  return {
    empty: () => lane.run('empty'),
    sizeOf: (buffer, transfer) => lane.run('sizeOf', [buffer], transfer ? { transfer: [buffer] } : {}),
    collectGarbage: () => lane.run('collectGarbage'),
    close: () => scheduler.close(),
  }
}
