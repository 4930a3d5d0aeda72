import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { repoRoot } from './repo-root.js'
import { codeOf, lineAt } from './source-text.js'

/** `path` is relative to the repository's root, with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface ImportReference {
  readonly specifier: string
  readonly line: number
  readonly kind: 'import' | 're-export' | 'dynamic'
}

export const SOURCE_FOLDERS = ['src', 'test', 'bench', 'demo', 'daemon'] as const

const NOT_OURS = new Set(['node_modules', 'build', 'dist'])
const SOURCE_NAME = /\.[cm]?[jt]sx?$/

/** Every file below `directory`, relative to it and sorted; what is hidden, built or installed is left out. */
export function listFiles(directory: string): string[] {
  const found: string[] = []
  const visit = (relative: string) => {
    for (const entry of readdirSync(join(directory, relative), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || NOT_OURS.has(entry.name)) continue
      const path = posix.join(relative, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) found.push(path)
    }
  }
  visit('')
  return found.sort()
}

export function readSources(...folders: readonly string[]): SourceFile[] {
  const present = new Set(readdirSync(repoRoot))
  return folders
    .filter(folder => present.has(folder))
    .flatMap(folder => listFiles(join(repoRoot, folder)).map(path => posix.join(folder, path)))
    .filter(path => SOURCE_NAME.test(path))
    .map(path => ({ path, text: readFileSync(join(repoRoot, path), 'utf8') }))
}

const IMPORT_FORMS: readonly (readonly [ImportReference['kind'], RegExp])[] = [
  ['import', /(?<![.\w$])import\s+[\w$\s,{}*]+?\bfrom\s*(['"])/g],
  ['import', /(?<![.\w$])import\s*(['"])/g],
  ['re-export', /(?<![.\w$])export\s+(?:type\s+)?(?:\*(?:\s+as\s+[\w$]+)?|\{[^}]*\})\s*from\s*(['"])/g],
  ['dynamic', /(?<![.\w$])(?:import|require|require\.resolve)\s*\(\s*(['"`])/g],
]

export function importsOf(text: string): ImportReference[] {
  const code = codeOf(text)
  const found: (ImportReference & { readonly offset: number })[] = []
  for (const [kind, form] of IMPORT_FORMS) {
    for (const match of code.matchAll(form)) {
      const opened = match.index + match[0].length
      const closed = code.indexOf(match[1] ?? '', opened)
      const specifier = text.slice(opened, closed)
      found.push({ specifier, line: lineAt(text, match.index), kind, offset: match.index })
    }
  }
  return found
    .sort((one, other) => one.offset - other.offset)
    .map(({ specifier, line, kind }) => ({ specifier, line, kind }))
}

/** The repository path an import leads to; `undefined` for packages and Node's own modules. */
export function resolveImport(importer: string, specifier: string): string | undefined {
  const target = specifier.startsWith('#src/')
    ? posix.join('src', specifier.slice('#src/'.length))
    : specifier.startsWith('#daemon/')
      ? posix.join('daemon/src', specifier.slice('#daemon/'.length))
      : specifier.startsWith('.')
        ? posix.join(posix.dirname(importer), specifier)
        : undefined
  return target?.replace(/\.([cm]?)js$/, '.$1ts')
}
