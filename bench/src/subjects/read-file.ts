import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import type * as tasks from '../tasks/read-file.js'
import type { Open } from './subject.js'

export type BulkCall = 'deriveHere' | 'deriveOnPool'

export interface ReadFileRequest {
  /** What the background lane does all the while; null for nothing. */
  readonly bulk: { readonly call: BulkCall; readonly iterations: number } | null
  readonly samples: number
  /** Milliseconds after which it is enough, however many samples there are. */
  readonly atMost: number
}

const FILE_SIZE = 16_384
/** Milliseconds between urgent tasks: uneven, so that they fall in step with nothing. */
const GAPS = [2, 3, 2, 4, 3]
/** Each of them fills the pool: so it never runs dry while one is answered and the next one sent. */
const TASKS_ON_POOL = 4

/**
 * An urgent task that reads a file, beside a background lane that fills every core. What is measured goes from the
 * call on main to the result there, in microseconds.
 */
export const open: Open<null, ReadFileRequest, readonly number[]> = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  const path = join(folder, 'file')
  await writeFile(path, Buffer.alloc(FILE_SIZE, 7))
  const cores = availableParallelism()
  const scheduler = await SchedulerThread.start<typeof tasks, 'urgent' | BulkCall>({
    tasks: new URL('../tasks/read-file.js', import.meta.url),
    lanes: {
      urgent: { priority: 'user-blocking' },
      deriveHere: { priority: 'background', threads: cores },
      deriveOnPool: { priority: 'background', concurrency: TASKS_ON_POOL },
    },
  })
  const { urgent } = scheduler.lanes
  return {
    async round({ bulk, samples, atMost }) {
      let over = false
      const keepGoing = async (): Promise<void> => {
        while (!over) await scheduler.lanes[bulk!.call].run(bulk!.call, [bulk!.iterations])
      }
      const calls = bulk === null ? 0 : bulk.call === 'deriveHere' ? 2 * cores : TASKS_ON_POOL
      const loops = Array.from({ length: calls }, keepGoing)
      const latencies: number[] = []
      const start = performance.now()
      for (let i = 0; i < samples && performance.now() - start < atMost; i++) {
        await sleep(GAPS[i % GAPS.length])
        const asked = performance.now()
        if ((await urgent.run('read', [path])) !== FILE_SIZE) throw new Error('the file was not read whole')
        latencies.push((performance.now() - asked) * 1000)
      }
      over = true
      await Promise.all(loops)
      return latencies
    },
    async close() {
      await scheduler.close()
      await rm(folder, { recursive: true })
    },
  }
}
