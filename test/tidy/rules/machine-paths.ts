import type { SourceFile } from '../../support/source-tree.js'
import { type Finding, findEach } from './finding.js'

// Put together here, so that this file does not break its own rule.
const FOLDERS = ['work', 'root', 'tmp'].join('|')
const MACHINE_PATH = new RegExp(`(?:(?<![\\w.~/\\\\-])|(?<=file://))/(?:${FOLDERS})/`, 'g')

/** Paths of one machine; part of a longer path or of a web address they are not. */
export function findMachinePaths({ path, text }: SourceFile): Finding[] {
  const message = 'A path of one machine: use os.tmpdir(), import.meta.url or a relative path.'
  return findEach(path, text, MACHINE_PATH, message)
}
