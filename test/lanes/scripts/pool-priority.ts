/** Prints which threads have a lowered priority after lanes have used libuv's pool. Loaded by `require` too. */
import { SchedulerThread } from 'multilane'
import { type OsThread, ownOsThreads } from '../../support/os-threads.js'

async function main(tasks: string): Promise<void> {
  const isLowered = ({ nice, policy }: OsThread): boolean => nice !== 0 || policy !== 0
  const scheduler = await SchedulerThread.start({
    tasks,
    lanes: {
      first: { priority: 'background', threads: 2, concurrency: 2 },
      second: { priority: 'background', os: 'idle' },
    },
  })
  const before = ownOsThreads().length
  const { first, second } = scheduler.lanes
  await Promise.all([first?.run('usePool'), first?.run('usePool'), second?.run('usePool')])
  const threads = ownOsThreads()
  console.log(threads.length - before, 'new')
  const lowered = threads.filter(isLowered).map(({ name }) => name)
  console.log(lowered.sort().join(' '))
  await scheduler.close()
}

void main(process.env.TASKS ?? '')
