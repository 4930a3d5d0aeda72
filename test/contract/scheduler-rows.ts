import type { suite } from 'uvu'
import { schedulerDependencies } from './scheduler-dependencies.js'
import { schedulerMistakes } from './scheduler-mistakes.js'
import type { MakeScheduler } from './scheduler-under-test.js'
import { schedulerVerbs } from './scheduler-verbs.js'
import { schedulerWaits } from './scheduler-waits.js'

/** Has what a scheduler promises of its verbs, states, timestamps and callbacks kept by one. */
export function schedulerRows(test: ReturnType<typeof suite>, makeScheduler: MakeScheduler): void {
  schedulerVerbs(test, makeScheduler)
  schedulerMistakes(test, makeScheduler)
  schedulerDependencies(test, makeScheduler)
  schedulerWaits(test, makeScheduler)
}
