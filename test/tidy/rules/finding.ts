import { lineAt } from '../../support/source-text.js'

/** A breach of a rule; the message says what to write instead. */
export interface Finding {
  readonly path: string
  readonly line: number
  readonly message: string
}

export function explain(findings: readonly Finding[]): string {
  return ['', ...findings.map(({ path, line, message }) => `${path}:${line}: ${message}`)].join('\n')
}

/** One finding for each match of the pattern in `text`, which may be a masked copy of the file's own. */
export function findEach(path: string, text: string, pattern: RegExp, message: string): Finding[] {
  return [...text.matchAll(pattern)].map(match => ({ path, line: lineAt(text, match.index), message }))
}
