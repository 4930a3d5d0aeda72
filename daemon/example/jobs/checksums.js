import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { currentTask } from 'multilane/task'
import { filesBelow, pathOf, shownPath } from './allowed-files.js'

/** @typedef {import('multilaned').JobContext} JobContext */

const MOST_LISTED = 1000
const USUAL_ROUNDS = 3000

/**
 * The SHA-256 of every file at or below `path`, and one of the whole tree. For a bulk lane: it holds its thread and
 * looks between files whether it is still wanted.
 *
 * @param {unknown} input `{path?}`
 * @param {JobContext} context
 */
export function checksum(input, context) {
  const task = currentTask()
  const tree = createHash('sha256')
  const sums = []
  let bytes = 0
  let files = 0
  for (const path of filesBelow(pathOf(input))) {
    if (task.cancelled) throw new Error(`stopped after ${files} files`)
    const content = readFileSync(path)
    const sha256 = sha256Of(content)
    tree.update(`${sha256}  ${shownPath(path)}\n`)
    if (sums.length < MOST_LISTED) sums.push({ path: shownPath(path), bytes: content.length, sha256 })
    files += 1
    bytes += content.length
  }
  context.log(`${files} files, ${bytes} bytes`)
  return { files, bytes, sha256: tree.digest('hex'), sums, complete: sums.length === files }
}

/**
 * Reads every file again and again and reports those that were not the same each time. It gives its thread back
 * between files, and ends when its signal says so.
 *
 * @param {unknown} input `{path?, rounds?}`; anything else stands for `{}`
 * @param {JobContext} context
 */
export async function scrub(input, { signal, log }) {
  const paths = [...filesBelow(pathOf(input))]
  const rounds = roundsOf(input)
  const first = new Map()
  const changed = new Set()
  let bytes = 0
  for (let round = 1; round <= rounds; round++) {
    for (const path of paths) {
      const content = await readFile(path, { signal })
      const sha256 = sha256Of(content)
      bytes += content.length
      if (!first.has(path)) first.set(path, sha256)
      else if (first.get(path) !== sha256) changed.add(shownPath(path))
    }
    if (round % 1000 === 0) log(`round ${round} of ${rounds}, ${bytes} bytes`)
  }
  return { files: paths.length, rounds, bytes, changed: [...changed] }
}

/** @param {unknown} input */
function roundsOf(input) {
  if (typeof input !== 'object' || input === null || !('rounds' in input)) return USUAL_ROUNDS
  const { rounds } = input
  if (typeof rounds === 'number' && Number.isInteger(rounds) && rounds >= 1 && rounds <= 1_000_000)
    return rounds
  throw new RangeError('rounds must be a whole number from 1 to 1000000')
}

/** @param {Uint8Array} content */
function sha256Of(content) {
  return createHash('sha256').update(content).digest('hex')
}
