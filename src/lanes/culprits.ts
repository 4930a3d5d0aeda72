/** The most tasks that a message names: any number may have been in progress. */
const MOST_NAMES = 5

/** Who is said to have held a loop. */
export interface Culprits {
  /** The names of the tasks' functions, each once. */
  readonly holders: readonly string[]
  /** The same in words. */
  readonly told: string
}

/** @param names those of the functions of all tasks that may have held the loop; none if no task in progress can have */
export function culpritsOf(names: Iterable<string>): Culprits {
  const holders = [...new Set(names)]
  if (holders.length === 0) return { holders, told: 'what a task had left behind' }
  const listed = holders.slice(0, MOST_NAMES).map(name => `'${name}'`)
  if (holders.length > MOST_NAMES) listed.push('another')
  return { holders, told: `task ${listed.join(' or ')}` }
}
