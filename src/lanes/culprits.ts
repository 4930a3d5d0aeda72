/** The most tasks that a message names: any number may have been in progress. */
const MOST_NAMES = 5

/** Who is said to have held a loop. */
export interface Culprits {
  /** The name of each task's function. */
  readonly holders: readonly string[]
  /** The same in words, each name once. */
  readonly told: string
}

/** @param holders the names of the functions of all tasks that may have held the loop; none if no task in progress can have */
export function culpritsOf(holders: readonly string[]): Culprits {
  if (holders.length === 0) return { holders, told: 'what a task had left behind' }
  const names = [...new Set(holders)]
  const listed = names.slice(0, MOST_NAMES).map(name => `'${name}'`)
  if (names.length > MOST_NAMES) listed.push('another')
  return { holders, told: `task ${listed.join(' or ')}` }
}
