import type { QueueStretch } from './job-store.js'

/** At most so many stretches describe a queue, however long. */
export const MOST_STRETCHES = 500
/** 2 to the power of this many neighbours make a stretch at the finest. */
export const FINEST_SHIFT = 10

/**
 * Joins stretches of a queue until few are left: first over longer spans of arrival, then also those of like priority,
 * which then go by the lower one.
 *
 * @param stretches by descending priority, then by arrival, none longer than 2^FINEST_SHIFT sequences
 * @returns in the same order; counts and costs still add up to the same
 */
export function coarsened(
  stretches: readonly QueueStretch[],
  most: number = MOST_STRETCHES,
): readonly QueueStretch[] {
  let joined = stretches
  const last = stretches.reduce((latest, stretch) => Math.max(latest, stretch.lastSequence), 0)
  for (let span = 2 ** (FINEST_SHIFT + 1); joined.length > most && span <= last * 2; span *= 2) {
    joined = joinedBy(stretches, span, 1)
  }
  const names = new Set(stretches.map(stretch => stretch.name)).size
  const greatest = stretches[0]?.priority ?? 0
  for (let step = 2; joined.length > Math.max(most, names) && step <= greatest * 2; step *= 2) {
    joined = joinedBy(stretches, last + 1, step)
  }
  return joined
}

function joinedBy(stretches: readonly QueueStretch[], span: number, step: number): readonly QueueStretch[] {
  const joined = new Map<string, QueueStretch>()
  for (const stretch of stretches) {
    const { name, priority, firstSequence } = stretch
    const key = `${Math.floor(priority / step)} ${Math.floor(firstSequence / span)} ${name}`
    const before = joined.get(key)
    joined.set(key, before === undefined ? stretch : joinedPair(before, stretch))
  }
  return [...joined.values()].sort((a, b) => b.priority - a.priority || a.firstSequence - b.firstSequence)
}

function joinedPair(a: QueueStretch, b: QueueStretch): QueueStretch {
  return {
    name: a.name,
    priority: Math.min(a.priority, b.priority),
    firstSequence: Math.min(a.firstSequence, b.firstSequence),
    lastSequence: Math.max(a.lastSequence, b.lastSequence),
    count: a.count + b.count,
    cost: a.cost + b.cost,
  }
}
