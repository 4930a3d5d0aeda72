import { type ContenderSetup, type EmptyTask, openContender } from '../contenders/empty/contender.js'
import { pump } from '../pump.js'
import { sample } from '../sampling.js'
import type { Open } from './subject.js'

export interface ThroughputRequest {
  readonly task: EmptyTask
  readonly inFlight: number
  /** Milliseconds. */
  readonly time: number
}

/** A burst lasts about this share of a round: long enough that its first and last moments do not count. */
const BURST_SHARE = 0.25
const SMALLEST_BURST = 2_000

/** Tasks a second with so many in flight all the time. */
export const open: Open<ContenderSetup, ThroughputRequest, number> = async setup => {
  const contender = await openContender(setup)
  const { tasksPerCall } = contender
  /** Tasks a millisecond, as last measured. */
  let rate = 0
  return {
    async round({ task, inFlight, time }) {
      const tasks = Math.max(SMALLEST_BURST, Math.round(rate * time * BURST_SHARE))
      const calls = Math.ceil(tasks / tasksPerCall)
      const latency = await sample(1, time, async () => {
        const start = performance.now()
        await pump(() => contender.call(task), calls, Math.ceil(inFlight / tasksPerCall))
        const elapsed = performance.now() - start
        return { overriddenDuration: elapsed / (calls * tasksPerCall), overriddenIterationCost: elapsed }
      })
      rate = 1 / latency.p50
      return rate * 1000
    },
    close: () => contender.close(),
  }
}
