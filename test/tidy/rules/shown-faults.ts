import { codeOf, scanSpans } from '../../support/source-text.js'
import type { SourceFile } from '../../support/source-tree.js'
import { tableRows } from './doc-tables.js'
import type { Finding } from './finding.js'

const CODE = /`(ERR_[A-Z0-9_]+)`/g

/** The names of the tests of a file, up to the first part that is made when it runs. */
export function testNames({ text }: SourceFile): string[] {
  const code = codeOf(text)
  return scanSpans(text)
    .filter(({ kind, start }) => {
      if (kind !== 'string' && kind !== 'template') return false
      // What it is the first argument of: `test(`, `both(`, `real(test)(`.
      return /(?:^|\s)\w+(?:\([^()]*\))*\(\s*['"`]$/.test(code.slice(Math.max(0, start - 80), start))
    })
    .map(({ start, end }) => text.slice(start, end))
}

/**
 * Compares a page of faults with the tests that show them: the last cell of a row is what a test's name begins with.
 *
 * @param names those of all tests
 * @param codes those that an error can have
 */
export function findUnshown(page: SourceFile, names: readonly string[], codes: readonly string[]): Finding[] {
  const findings: Finding[] = []
  for (const { line, cells } of tableRows(page.text)) {
    const shown = cells.at(-1) ?? ''
    const add = (message: string) => findings.push({ path: page.path, line, message })
    if (cells.length !== 4) add('Give the row four cells: when, what happens, code, test.')
    else if (shown === '') add('Name the test that shows it.')
    else if (!names.some(name => name.startsWith(shown))) add(`No test's name begins with: ${shown}`)
    for (const [, code = ''] of (cells[2] ?? '').matchAll(CODE))
      if (!codes.includes(code)) add(`There is no code ${code}.`)
  }
  return findings
}
