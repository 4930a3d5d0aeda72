import { readdirSync, readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import { repoRoot } from '../support/repo-root.js'
import { codeBlocks } from './readme-blocks.js'

/** A program of a page, and what the page says that it prints. */
export interface DocProgram {
  readonly file: string
  /** The `text` block that follows it, before any other program; undefined if there is none. */
  readonly output: string | undefined
}

export interface DocPage {
  /** Its path in the repository. */
  readonly path: string
  /** The blocks that name a file on their first line, by that name. */
  readonly files: Readonly<Record<string, string>>
  /** Those of the files that are programs: `main.ts`, `main-drop-oldest.ts`, … */
  readonly programs: readonly DocProgram[]
  /** Names that more than one block has; the first is in `files`. */
  readonly shownTwice: readonly string[]
}

const FILE_NAME = /^\/\/ ((?:[\w-]+\/)*[\w.-]+\.\w+)$/
const PROGRAM = /^main(?:-[\w-]+)?\.[cm]?[jt]s$/

export function parsePage(path: string, markdown: string): DocPage {
  const files: Record<string, string> = {}
  const programs: { file: string; output: string | undefined }[] = []
  const shownTwice: string[] = []
  for (const { language, text } of codeBlocks(markdown)) {
    const file = FILE_NAME.exec(text.split('\n', 1)[0] ?? '')?.[1]
    const last = programs.at(-1)
    if (file !== undefined && file in files) {
      shownTwice.push(file)
    } else if (file !== undefined) {
      files[file] = text
      if (PROGRAM.test(file)) programs.push({ file, output: undefined })
    } else if (language === 'text' && last !== undefined) {
      last.output ??= text
    }
  }
  return { path, files, programs, shownTwice }
}

/** The pages below docs, those of the generated reference left out. */
export function docPages(): DocPage[] {
  return markdownFiles()
    .filter(path => !path.startsWith('docs/reference/'))
    .map(path => parsePage(path, readFileSync(join(repoRoot, path), 'utf8')))
}

/** All Markdown below docs, by its path in the repository, with slashes. */
export function markdownFiles(): string[] {
  return readdirSync(join(repoRoot, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name.split(sep).join('/')}`)
    .sort()
}

/**
 * The first line of what a program printed that is not as the page says; undefined if there is none. In the page, `…`
 * stands for any part of a line: for what differs from run to run.
 */
export function firstDifference(expected: string, actual: string): string | undefined {
  const [wanted, found] = [expected.split('\n'), actual.split('\n')]
  for (let i = 0; i < Math.max(wanted.length, found.length); i++) {
    const [want, got] = [wanted[i], found[i]]
    if (want === undefined || got === undefined || !lineFits(want, got)) {
      return `line ${i + 1}: the page says ${shown(want)}, it printed ${shown(got)}`
    }
  }
  return undefined
}

function lineFits(wanted: string, found: string): boolean {
  const parts = wanted.split('…').map(part => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(found)
}

function shown(line: string | undefined): string {
  return line === undefined ? 'nothing more' : `'${line}'`
}
