import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { currentTask } from 'multilane/task'
import { filesBelow, pathOf, shownPath } from './allowed-files.js'

/** @typedef {import('multilaned').JobContext} JobContext */

/**
 * Files with the same content. Only those that share their size with another are read.
 *
 * @param {unknown} input `{path?}`
 * @param {JobContext} context
 */
export function findDuplicates(input, context) {
  const task = currentTask()
  const bySize = groupBy([...filesBelow(pathOf(input))], path => statSync(path).size)
  const groups = []
  let wasted = 0
  for (const [bytes, candidates] of bySize) {
    if (candidates.length < 2) continue
    const byContent = groupBy(candidates, path => {
      if (task.cancelled) throw new Error(`stopped with ${groups.length} groups found`)
      return createHash('sha256').update(readFileSync(path)).digest('hex')
    })
    for (const paths of byContent.values()) {
      if (paths.length < 2) continue
      groups.push({ bytes, paths: paths.map(shownPath) })
      wasted += bytes * (paths.length - 1)
    }
  }
  context.log(`${groups.length} groups of equal files waste ${wasted} bytes`)
  return { groups, wasted }
}

/**
 * @template T, K
 * @param {readonly T[]} values
 * @param {(value: T) => K} keyOf
 * @returns {Map<K, T[]>}
 */
function groupBy(values, keyOf) {
  const groups = new Map()
  for (const value of values) {
    const key = keyOf(value)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [value])
    else group.push(value)
  }
  return groups
}
