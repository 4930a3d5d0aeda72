import type { suite } from 'uvu'
import { schedulerDependencies } from './scheduler-dependencies.js'
import { schedulerMistakes } from './scheduler-mistakes.js'
import { schedulerTerms } from './scheduler-terms.js'
import type { MakeScheduler } from './scheduler-under-test.js'
import { schedulerVerbs } from './scheduler-verbs.js'
import { schedulerWaits } from './scheduler-waits.js'

/**
 * Has what a scheduler promises of its verbs, states, timestamps and callbacks kept by one.
 *
 * @param skipped by their names, the rows that it cannot have, each with the reason
 */
export function schedulerRows(
  test: ReturnType<typeof suite>,
  makeScheduler: MakeScheduler,
  skipped: Readonly<Record<string, string>> = {},
): void {
  const rows = { test, makeScheduler, skipped: new Map(Object.entries(skipped)) }
  schedulerVerbs(rows)
  schedulerTerms(rows)
  schedulerMistakes(rows)
  schedulerDependencies(rows)
  schedulerWaits(rows)
  for (const name of rows.skipped.keys()) throw new Error(`there is no row '${name}' to be skipped`)
}
