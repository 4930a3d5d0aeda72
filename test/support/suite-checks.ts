import { codeOf, lineAt } from './source-text.js'
import { importsOf, type SourceFile } from './source-tree.js'

/** What the runner cannot see from outside, since uvu stays green: tests that were written and never run. */
export interface SuiteProblem {
  readonly path: string
  readonly line: number
  readonly message: string
}

export function findOnly({ path, text }: SourceFile): SuiteProblem[] {
  return [...codeOf(text).matchAll(/\.\s*only\s*\(/g)].map(match => ({
    path,
    line: lineAt(text, match.index),
    message: 'Remove .only: it leaves out every other test. To run one file, give the runner a filter.',
  }))
}

interface SuiteBinding {
  readonly name: string
  readonly offset: number
}

function suiteBindings(text: string, code: string): SuiteBinding[] {
  const found: SuiteBinding[] = []
  for (const match of code.matchAll(
    /\b(?:const|let|var)\s+([\w$]+)[^=\n]*=\s*suite\s*(?:<[^\n]*?>)?\s*\(/g,
  )) {
    found.push({ name: match[1] ?? '', offset: match.index })
  }
  for (const match of code.matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*['"]/g)) {
    const quote = match.index + match[0].length - 1
    if (!/^['"]uvu['"]/.test(text.slice(quote))) continue
    const test = /(?:^|,)\s*test\b(?:\s+as\s+([\w$]+))?/.exec(match[1] ?? '')
    if (test) found.push({ name: test[1] ?? 'test', offset: match.index })
  }
  return found
}

function escaped(name: string): string {
  return name.replaceAll('$', '\\$')
}

/** A suite is run only when its `.run()` is called, and only what was added to it before that call. */
export function findUnrunTests({ path, text }: SourceFile): SuiteProblem[] {
  const code = codeOf(text)
  if (!importsOf(text).some(({ specifier }) => specifier === 'uvu')) return []

  const problems: SuiteProblem[] = []
  const report = (offset: number, message: string) =>
    problems.push({ path, line: lineAt(text, offset), message })

  const bindings = suiteBindings(text, code)
  for (const { name, offset } of bindings) {
    // A name may be bound again in another function: each binding answers for the text up to the next one.
    const next = bindings.find(other => other.name === name && other.offset > offset)
    const reach = code.slice(offset, next?.offset)
    const runs = [...reach.matchAll(new RegExp(`(?<![\\w$.])${escaped(name)}\\s*\\.\\s*run\\s*\\(`, 'g'))]
    const lastRun = runs.at(-1)
    if (lastRun === undefined) {
      report(offset, `Call ${name}.run() after its last test: without it none of them is run.`)
      continue
    }
    const call = new RegExp(`(?<![\\w$.])${escaped(name)}\\s*(?:\\.\\s*skip\\s*)?\\(`)
    const late = call.exec(reach.slice(lastRun.index))
    if (late) {
      report(
        offset + lastRun.index + late.index,
        `Move this above ${name}.run(): it comes too late to be run.`,
      )
    }
  }
  for (const call of code.matchAll(/(?<![\w$.])suite\s*(?:<[^\n]*?>)?\s*\(/g)) {
    const lineStart = code.lastIndexOf('\n', call.index) + 1
    if (!bindings.some(({ offset }) => offset >= lineStart && offset < call.index)) {
      report(call.index, 'Write const name = suite(…) on one line, so that its name.run() can be checked.')
    }
  }
  return problems
}
