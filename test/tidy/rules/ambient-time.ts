import { codeOf } from '../../support/source-text.js'
import type { SourceFile } from '../../support/source-tree.js'
import { type Finding, findEach } from './finding.js'

const AMBIENT = new RegExp(
  [
    String.raw`(?<![\w$.])(?:new\s+Date\b|Date\s*(?:\.\s*now\b|\())`,
    String.raw`(?<![\w$.])(?:performance|process|globalThis|queueMicrotask)\b(?!\s*\??:)`,
    String.raw`(?<![\w$.])(?:setTimeout|setInterval|setImmediate)\b(?!\s*\??:)`,
    String.raw`(?<![\w$.])Math\s*\.\s*random\b`,
  ].join('|'),
  'g',
)

/** Time, turns and chance that are not handed in: under them no run can be simulated or replayed. */
export function findAmbientTime({ path, text }: SourceFile): Finding[] {
  const message =
    'Take the clock (or the source of chance) as an argument, and answer with a decision instead.'
  return findEach(path, codeOf(text), AMBIENT, message)
}
