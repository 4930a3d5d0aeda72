import { posix } from 'node:path'
import type { SourceFile } from '../../support/source-tree.js'
import type { Finding } from './finding.js'

export const MOST_LINES = 400

const SAYS_NOTHING = new Set(['utils', 'util', 'common', 'helpers', 'lib', 'misc', 'index'])
const ALLOWED_INDEXES = ['src/index.ts', 'daemon/src/index.ts']

export function findLongFile({ path, text }: SourceFile): Finding[] {
  const lines = text.split('\n').length - (text.endsWith('\n') ? 1 : 0)
  if (lines <= MOST_LINES) return []
  const message = `${lines} lines: split it by what it knows, into files of at most ${MOST_LINES} lines.`
  return [{ path, line: MOST_LINES + 1, message }]
}

export function findEmptyName({ path }: Pick<SourceFile, 'path'>): Finding[] {
  const [name = ''] = posix.basename(path).split('.')
  if (!SAYS_NOTHING.has(name.toLowerCase()) || ALLOWED_INDEXES.includes(path)) return []
  return [
    { path, line: 1, message: `'${name}' says nothing: name the file after the one thing it is about.` },
  ]
}
