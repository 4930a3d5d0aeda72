import type { SourceFile } from '../../support/source-tree.js'
import { type Finding, findEach } from './finding.js'

const NOTE_TO_SELF = /\b(?:TODO|FIXME|XXX)\b/g

export function findNotesToSelf({ path, text }: SourceFile): Finding[] {
  return findEach(path, text, NOTE_TO_SELF, 'Do it now, or say in the docs that it is not done.')
}
