import { readFile } from 'node:fs/promises'
import { filesBelow, pathOf } from './allowed-files.js'

/** @typedef {import('multilaned').JobContext} JobContext */

const MOST_NAMED = 10

/**
 * Counts the lines and words of all files at or below `path`, and names the most frequent words.
 *
 * @param {unknown} input `{path?}`
 * @param {JobContext} context
 */
export async function countWords(input, { signal }) {
  const counts = new Map()
  let files = 0
  let lines = 0
  let words = 0
  for (const path of filesBelow(pathOf(input))) {
    const text = await readFile(path, { encoding: 'utf8', signal })
    files += 1
    lines += text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
    for (const [word] of text.toLowerCase().matchAll(/\p{L}+/gu)) {
      words += 1
      counts.set(word, (counts.get(word) ?? 0) + 1)
    }
  }
  const frequent = [...counts].sort((one, other) => other[1] - one[1]).slice(0, MOST_NAMED)
  return { files, lines, words, frequent: frequent.map(([word, count]) => ({ word, count })) }
}
