import type { SqlConnection } from './sql-connection.js'

const HELD_BY_NOBODY = `state = 'waiting' AND claimed_by IS NULL`

/**
 * Moves the waiting jobs of lanes that are not there any more.
 *
 * @param lanes those there are, of which the first takes what has no other
 * @param homes the lane of each job, by the job's name
 * @returns how many were moved
 */
export function moveJobs(
  connection: SqlConnection,
  lanes: readonly string[],
  homes: Readonly<Record<string, string>>,
): number {
  const stranded = connection
    .statement(`SELECT DISTINCT lane, name FROM jobs WHERE ${HELD_BY_NOBODY}`)
    .all()
    .filter(({ lane }) => !lanes.includes(lane as string))
  const move = connection.statement(
    `UPDATE jobs SET lane = ? WHERE ${HELD_BY_NOBODY} AND lane = ? AND name = ?`,
  )
  let moved = 0
  for (const { lane, name } of stranded) {
    const home = Object.hasOwn(homes, name as string) ? homes[name as string]! : lanes[0]!
    moved += move.run(home, lane as string, name as string)
  }
  return moved
}
