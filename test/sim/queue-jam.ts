import { DELAYED, PARKED } from '#src/core/backlog.js'
import { NEW } from '#src/core/task-state.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { Entry } from './sim-sender.js'

/**
 * A full queue is not looked through for cycles, as docs/guide/across-lanes.md says: where all that have a place in it
 * wait for others, and tasks for room there, a limit of the tasks has to end that.
 *
 * @returns one that has such a place, and whose end makes room; undefined if nothing is jammed so
 */
export function findJam({ livingSenders }: SimScheduler): Entry | undefined {
  const open = livingSenders.flatMap(sender => [...sender.open])
  const laneOf = ({ task }: Entry): string => task.target.lane
  for (const lane of new Set(open.filter(({ task }) => task.state === NEW).map(laneOf))) {
    const waiting = open.filter(
      entry => laneOf(entry) === lane && entry.task.state !== NEW && !entry.task.dead,
    )
    const [first] = waiting.filter(
      ({ task }) => task.place === PARKED || (task.place === DELAYED && task.waitsFor > 0),
    )
    if (first !== undefined) return first
  }
  return undefined
}
