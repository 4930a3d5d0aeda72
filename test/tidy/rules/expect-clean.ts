import * as assert from 'uvu/assert'
import type { SourceFile } from '../../support/source-tree.js'
import { explain, type Finding } from './finding.js'

/** Fails with every finding in the sources, and also if there are no sources to find anything in. */
export function expectClean(sources: readonly SourceFile[], find: (source: SourceFile) => Finding[]): void {
  assert.ok(sources.length > 0, 'no source file was looked at')
  const findings = sources.flatMap(find)
  assert.is(findings.length, 0, explain(findings))
}
