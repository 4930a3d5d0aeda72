/** The greatest priority of a task within its lane. */
export const MAX_PRIORITY = 1_000_000

/** The priorities that lanes have, the least urgent first. */
export const LANE_PRIORITIES = ['background', 'user-visible', 'user-blocking'] as const

/** How urgent a lane is, by the names of the web platform's Prioritized Task Scheduling API. */
export type LanePriority = (typeof LANE_PRIORITIES)[number]

const STEP = MAX_PRIORITY + 1

/** What comes after anything in a lane, and before anything in one that is more urgent. @param rank of the task's lane */
export function acrossLanes(rank: number, priority: number): number {
  return rank * STEP + priority
}

/** Where a priority across lanes is within one; below 0 if all that is in the lane is more urgent. */
export function withinLane(rank: number, priority: number): number {
  return priority - rank * STEP
}
