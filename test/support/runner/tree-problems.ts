import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { listFiles, type SourceFile } from '../source-tree.js'
import { findOnly, findUnrunTests, type SuiteProblem } from '../suite-checks.js'
import type { Discovery } from './discover.js'
import { ownTimeLimit } from './time-limit.js'

function findUnreadableLimit({ path, text }: SourceFile): SuiteProblem[] {
  const own = ownTimeLimit(text)
  return own.kind === 'unreadable' ? [{ path, line: 1, message: own.message }] : []
}

function sourceProblems(sources: string): string[] {
  if (!existsSync(sources)) return []
  return listFiles(sources)
    .filter(path => path.endsWith('.ts'))
    .map(path => ({ path, text: readFileSync(join(sources, path), 'utf8') }))
    .flatMap(source => [...findOnly(source), ...findUnrunTests(source), ...findUnreadableLimit(source)])
    .map(({ path, line, message }) => `${path}:${line}: ${message}`)
}

/** What makes the run red before any file is run: tests that would be left out without anyone noticing. */
export function treeProblems(discovery: Discovery, sources: string): string[] {
  const problems = sourceProblems(sources)
  for (const path of discovery.uncompiled) problems.push(`${path}: not compiled; build the tests first.`)
  for (const filter of discovery.idleFilters) problems.push(`No test file matches '${filter}'.`)
  if (discovery.files.length === 0 && discovery.idleFilters.length === 0) problems.push('No test file found.')
  return problems
}
