import { type SchedulerOptions, SchedulerThread, type UntypedTasks } from 'multilane'
import type { suite } from 'uvu'

/** How a scheduler is started: with threads, or on the present one. */
export type Launch = <M = UntypedTasks, L extends string = string>(
  options: SchedulerOptions<L>,
) => Promise<SchedulerThread<M, L>>

/** Adds tests of what must be so with threads and inline alike; each runs once with each. */
export function testsInBothPlaces(test: ReturnType<typeof suite>) {
  return (what: string, run: (launch: Launch) => Promise<void>): void => {
    test(what, () => run(SchedulerThread.start))
    test(`${what} (inline)`, () => run(SchedulerThread.inline))
  }
}
