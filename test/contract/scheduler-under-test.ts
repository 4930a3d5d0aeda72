import type { Scheduler, TaskHandle, TaskOptions } from 'multilane'
import type { suite } from 'uvu'

/**
 * What the rows submit. `wait` waits at a gate with its loop free, `block` with the thread it runs on held; `spin`
 * comes to its gate and then holds its thread for ever. `waitFor` awaits the task of a handle, and answers what that comes
 * to, or `ERR_DEADLOCK` and the cycle; `waitForGiven` that of the handle that `give` brings; `waitBriefly` for so long;
 * `note` holds its thread for so long, and writes a number into a log. `hold` is `block` where two threads can be held at
 * a time, whatever else there is; `tryUntil` fails until it is tried for the so-manieth time.
 */
export type RowTask =
  | ('echo' | 'fail' | 'wait' | 'block' | 'spin')
  | ('hold' | 'tryUntil')
  | ('waitFor' | 'waitForGiven' | 'give' | 'waitBriefly' | 'note')

/** A scheduler that is held to the rows: it runs, and at least two tasks may wait at a gate at a time. */
export interface SchedulerUnderTest {
  readonly scheduler: Scheduler
  /** The name that `taskInfo().lane` has for what `submit` submits. */
  readonly lane: string
  /** Errors that belonged to no task. */
  readonly reported: readonly unknown[]
  submit(name: RowTask, args: unknown[], options?: TaskOptions): TaskHandle
  close(): Promise<void>
}

/** @param options.history how many finished tasks it is to remember */
export type MakeScheduler = (options: { readonly history: number }) => Promise<SchedulerUnderTest>

/** The suite that rows are added to, and by their names those that it cannot have, each with the reason. */
export interface RowSuite {
  readonly test: ReturnType<typeof suite>
  readonly makeScheduler: MakeScheduler
  readonly skipped: Map<string, string>
}

/** Adds tests that are each given a scheduler of their own. */
export function testsOnSchedulers({ test, makeScheduler, skipped }: RowSuite) {
  return (what: string, run: (made: SchedulerUnderTest) => Promise<void>, history = 1_000): void => {
    if (skipped.delete(what)) return
    test(what, async () => {
      const made = await makeScheduler({ history })
      try {
        await run(made)
      } finally {
        await made.close()
      }
    })
  }
}
