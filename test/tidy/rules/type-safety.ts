import { codeOf, commentsOf } from '../../support/source-text.js'
import type { SourceFile } from '../../support/source-tree.js'
import { type Finding, findEach } from './finding.js'

// `any` as a type; not a property, parameter or method of that name, nor AbortSignal.any.
const ANY_TYPE = /\bas\s+any\b|(?<![\w$.])any\b(?!\s*\(|\s*\??:)/g
const SILENCED = /@ts-(?:ignore|nocheck|expect-error)\b/g

export function findTypeHoles({ path, text }: SourceFile): Finding[] {
  return [
    ...findEach(
      path,
      codeOf(text),
      ANY_TYPE,
      "Write unknown and narrow it, or name the type: 'any' turns checking off.",
    ),
    ...findEach(
      path,
      commentsOf(text),
      SILENCED,
      'Fix the type the compiler complains about instead of silencing it.',
    ),
  ]
}
