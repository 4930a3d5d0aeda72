/** Prints which threads have a lowered priority after lanes have used libuv's pool. Loaded by `require` too. */
import { SchedulerThread } from 'multilane'
import { type OsThread, ownOsThreads, readOsThread } from '../../support/os-threads.js'

async function main(tasks: string): Promise<void> {
  // The process may have been started niced: what counts is what has come on top of that.
  const main = readOsThread('/proc/self')
  const isLowered = ({ nice, policy }: OsThread): boolean => nice !== main.nice || policy !== main.policy
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
