import { codeOf } from '../../support/source-text.js'
import { importsOf, type SourceFile } from '../../support/source-tree.js'
import { type Finding, findEach } from './finding.js'

/** The one place that may call uvu's silent skip: it says the name and the reason first. */
const SKIPS_BY_NAME = 'test/support/skip.ts'

/** A test file makes its suites with uvu, or runs those of a contract on something of its own. */
export function findForeignTest({ path, text }: SourceFile): Finding[] {
  if (!path.endsWith('.test.ts')) return []
  const specifiers = importsOf(text).map(({ specifier }) => specifier)
  if (specifiers.some(specifier => specifier === 'uvu' || specifier.includes('/contract/'))) return []
  return [
    { path, line: 1, message: "Import suite from 'uvu': this file makes no test that the runner counts." },
  ]
}

export function findSilentSkip({ path, text }: SourceFile): Finding[] {
  if (path === SKIPS_BY_NAME) return []
  const message = `Use skipUnless(condition, reason) of ${SKIPS_BY_NAME}, which says what was skipped, and why.`
  return findEach(path, codeOf(text), /\.\s*skip\s*\(/g, message)
}
