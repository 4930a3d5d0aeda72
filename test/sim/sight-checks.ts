import { DONE, isFinal, STARTED, TASK_STATES } from '#src/core/task-state.js'
import { type Detectors, describe } from './detectors.js'
import type { Entry, SimSender } from './sim-sender.js'

/** What is to be seen of a task makes sense at any moment: its state, and the instants that belong to it. */
export function checkSight(entry: Entry, now: number, detectors: Detectors): void {
  const { task, lane, claims } = entry
  const { state, submitted, started, ended } = lane.sight.recordOf(task)
  const wrong = (message: string): never =>
    detectors.fail('sight', `it shows as ${TASK_STATES[state]}, ${message}`, { entry })
  if (state < STARTED && started !== undefined) wrong('and as begun')
  if ((state === STARTED || state === DONE) && started === undefined) wrong('and not as begun')
  if (started !== undefined && claims === 0) wrong('and as begun, and no thread has claimed it')
  if (started !== undefined && started < submitted) wrong('begun before it was submitted')
  if (ended !== undefined && !isFinal(state)) wrong('and as ended')
  if (ended !== undefined && ended < (started ?? submitted)) wrong('ended before it had begun')
  if (Math.max(started ?? 0, ended ?? 0) > now) wrong('at an instant that is to come')
}

/** Every end has been counted, and only ends have. */
export function checkCounts({ sender, entries, actor }: SimSender, detectors: Detectors): void {
  for (const lane of sender) {
    const counts = TASK_STATES.map(() => 0)
    for (const entry of entries) if (entry.lane === lane && entry.task.dead) counts[entry.task.state]!++
    counts.forEach((count, state) => {
      if (!isFinal(state) || lane.ended(state) === count) return
      const seen = `${lane.ended(state)} tasks of ${actor.name} are counted as ${TASK_STATES[state]}`
      const last = entries.at(-1)
      detectors.fail('counts', `${seen}, and ${count} are (the last: ${last && describe(last)})`)
    })
  }
}
