import { setImmediate as turn } from 'node:timers/promises'
import { SchedulerThread } from 'multilane'
import type * as tasks from '../tasks/blocked.js'
import type { Open } from './subject.js'

export interface TakeOverFigures {
  /** Milliseconds from the stalled task's start until the stall is told. */
  readonly told: number
  /** From its start until all that waited behind it is done. */
  readonly done: number
}

/** A lane of one thread that is held, while so many tasks wait: the lane has another thread take over. */
export const open: Open<null, { readonly waiting: number }, TakeOverFigures> = async () => {
  const scheduler = await SchedulerThread.start<typeof tasks, 'lane'>({
    tasks: new URL('../tasks/blocked.js', import.meta.url),
    lanes: {
      // The budget of replacements is no matter here.
      lane: { priority: 'user-blocking', onStall: 'replace', restart: { max: 100, within: 0 } },
    },
  })
  const { lane } = scheduler.lanes
  return {
    async round({ waiting }) {
      let toldAt = Number.NaN
      scheduler.once('stall', () => {
        toldAt = performance.now()
      })
      const gate = new Int32Array(new SharedArrayBuffer(4))
      const blocker = lane.submit('block', [gate])
      while (blocker.state !== 'STARTED') await turn()
      const start = performance.now()
      try {
        await Promise.all(Array.from({ length: waiting }, () => lane.run('pass')))
        const done = performance.now() - start
        if (blocker.state !== 'STARTED') throw new Error('what was to hold the lane has let go')
        return { told: toldAt - start, done }
      } finally {
        Atomics.store(gate, 0, 1)
        await blocker.result()
        while ((await scheduler.stats()).lanes.lane!.stalled > 0) await turn()
      }
    },
    close: () => scheduler.close(),
  }
}
