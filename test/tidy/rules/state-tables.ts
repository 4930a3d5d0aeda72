import { commentsOf } from '../../support/source-text.js'
import type { SourceFile } from '../../support/source-tree.js'
import { tableRows } from './doc-tables.js'
import { sectionOf } from './documented-ends.js'
import type { Finding } from './finding.js'

const UNION = /(?:#mode|\btype Mode)\b(?::| =) ?\s*((?:'\w+'\s*\|?\s*)+)/
const NAMED_LIST = /\b[A-Z_]*STATES = \[([^\]]+)\]/
const NUMBERS = /^export const ([A-Z]+) = \d+$/gm
/** The head of a table of states in a comment, whatever it calls them. */
const HEAD = /^\s*\* \| (?:(?:mode|state|place) |.*\| left by +\|)/

/** The states that the table above a state machine has; none if there is no such table. */
export function essayStates({ text }: SourceFile): string[] {
  const lines = commentsOf(text).split('\n')
  const head = lines.findIndex(line => HEAD.test(line))
  if (head < 0) return []
  const states: string[] = []
  for (const line of lines.slice(head + 2)) {
    if (!/^\s*\* \|/.test(line)) break
    const name = line.split('|')[1]!.replaceAll('`', '').trim()
    // A row may go on in the next line.
    if (name !== '') states.push(name)
  }
  return states
}

/** The states that the code of a state machine has; undefined if it keeps them otherwise than in one variable. */
export function codeStates({ text }: SourceFile): string[] | undefined {
  const quoted = (list: string) => [...list.matchAll(/'(\w+)'/g)].map(([, name = '']) => name)
  const list = UNION.exec(text)?.[1] ?? NAMED_LIST.exec(text)?.[1]
  if (list !== undefined) return quoted(list)
  const numbers = [...text.matchAll(NUMBERS)].map(([, name = '']) => name)
  return numbers.length > 0 ? numbers : undefined
}

/** Compares the state machines' code, the tables above them, and those of a page. */
export function compareStates(page: SourceFile, sources: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = []
  const section = sectionOf(page.text, 'States')
  const offset = page.text.slice(0, page.text.indexOf(section)).split('\n').length - 1
  const tables = new Map<string, { readonly line: number; readonly states: readonly string[] }>()
  const parts = section.split(/^### /m)
  let line = offset + parts[0]!.split('\n').length
  for (const part of parts.slice(1)) {
    const place = /^`([^`]+)`/.exec(part)?.[1] ?? ''
    tables.set(place, { line, states: tableRows(part).map(({ cells }) => cells[0] ?? '') })
    line += part.split('\n').length - 1
  }
  for (const source of sources) {
    const place = source.path.replace(/^src\//, '').replace(/\.ts$/, '')
    const essay = essayStates(source)
    if (essay.length === 0) {
      const isMachine = UNION.test(source.text)
      if (isMachine) findings.push({ path: source.path, line: 1, message: 'Give its modes a table.' })
      continue
    }
    const code = codeStates(source)
    if (code !== undefined && !isSame(code, essay))
      findings.push({ path: source.path, line: 1, message: `The table has ${essay}, the code ${code}.` })
    const table = tables.get(place)
    tables.delete(place)
    if (table === undefined)
      findings.push({ path: page.path, line: offset + 1, message: `Give ${place} a table of its states.` })
    else if (!isSame(table.states, essay))
      findings.push({ path: page.path, line: table.line, message: `${place} has ${essay}: name these.` })
  }
  for (const [place, { line }] of tables)
    findings.push({ path: page.path, line, message: `${place} has no states.` })
  return findings
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return [...some].sort().join() === [...others].sort().join()
}
