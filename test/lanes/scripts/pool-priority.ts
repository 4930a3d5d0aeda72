/** Prints which threads have a lowered priority after lanes have used libuv's pool. Loaded by `require` too. */
import { SchedulerThread } from 'multilane'
import { type OsThread, ownOsThreads } from '../../support/os-threads.js'
import type * as tasks from '../tasks/os-threads.js'

async function main(): Promise<void> {
  const isLowered = ({ nice, policy }: OsThread): boolean => nice !== 0 || policy !== 0
  if (ownOsThreads().some(isLowered)) throw new Error('this process itself was niced')
  const scheduler = await SchedulerThread.start<typeof tasks, 'first' | 'second'>({
    tasks: new URL('../tasks/os-threads.js', import.meta.url),
    lanes: {
      first: { priority: 'background', threads: 2, concurrency: 2 },
      second: { priority: 'background', os: 'idle' },
    },
  })
  const before = ownOsThreads().length
  const { first, second } = scheduler.lanes
  await Promise.all([first.run('usePool'), first.run('usePool'), second.run('usePool')])
  const threads = ownOsThreads()
  console.log(threads.length - before, 'new')
  const lowered = threads.filter(isLowered).map(({ name }) => name)
  console.log(lowered.sort().join(' '))
  await scheduler.close()
}

void main()
