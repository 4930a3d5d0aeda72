// @time-limit 120s
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { skipUnless } from '../support/skip.js'
import { compile, type Diagnostic, listed } from '../types/compiler.js'
import { outputOf, run } from './command.js'
import { type DocPage, docPages, firstDifference } from './doc-pages.js'
import { type PackedProject, packedProject } from './packed-project.js'

const test = suite('package: the examples of docs')

/**
 * What is neither compiled nor run, with the reason: a page by its path, or one program of it by the path, a space and
 * its file name.
 */
const LEFT_OUT: Readonly<Record<string, string>> = {}

/** Pages with a test file of their own beside this one. */
const TESTED_BY: Readonly<Record<string, string>> = {
  'docs/bundlers.md': 'bundlers.test.js',
  'docs/testing.md': 'testing-example.test.js',
  'docs/typescript.md': 'typescript.test.js',
}

/** Other libraries that examples import, beside those that come with the library itself. */
const PEERS = ['workerpool', 'p-queue']
const MOST_MS = 20_000

const allPages = docPages()
const pages = allPages.filter(({ path }) => TESTED_BY[path] === undefined)
const isTypeScript = (file: string) => /\.[cm]?ts$/.test(file)
const folderOf = ({ path }: DocPage) => path.replace(/\.md$/, '')

function reasonAgainst(page: DocPage, file?: string): string | undefined {
  return LEFT_OUT[page.path] ?? (file === undefined ? undefined : LEFT_OUT[`${page.path} ${file}`])
}

let project: PackedProject
let diagnostics: readonly Diagnostic[] = []
test.before(async () => {
  project = await packedProject()
  for (const peer of PEERS) {
    symlinkSync(
      join(repoRoot, 'node_modules', peer),
      join(project.directory, 'node_modules', peer),
      'junction',
    )
  }
  const sources: string[] = []
  for (const page of pages) {
    for (const [file, text] of Object.entries(page.files)) {
      if (reasonAgainst(page, file) !== undefined) continue
      // What is not compiled is run, and found by types, where it is.
      for (const place of isTypeScript(file) ? ['.'] : ['.', 'build']) {
        const path = join(project.directory, place, folderOf(page), file)
        mkdirSync(dirname(path), { recursive: true })
        writeFileSync(path, text)
      }
      if (isTypeScript(file)) sources.push(`${folderOf(page)}/${file}`)
    }
  }
  diagnostics = await compile(project.directory, {
    files: sources,
    outDir: 'build',
    rootDir: '.',
    types: ['node'],
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
  })
})
test.after(() => project.remove())

test('what is left out is there', () => {
  const known = pages.flatMap(page => [
    page.path,
    ...Object.keys(page.files).map(file => `${page.path} ${file}`),
  ])
  assert.equal(
    Object.keys(LEFT_OUT).filter(name => !known.includes(name)),
    [],
  )
})

test('what is tested elsewhere is', () => {
  for (const { path } of allPages) {
    const file = TESTED_BY[path]
    if (file !== undefined)
      assert.ok(existsSync(new URL(file, import.meta.url)), `${path}: there is no ${file}`)
  }
})

test('every page of the guide has a program', () => {
  const guide = pages.filter(({ path }) => path.startsWith('docs/guide/'))
  assert.ok(guide.length > 0)
  assert.equal(
    guide.filter(({ programs }) => programs.length === 0).map(({ path }) => path),
    [],
  )
})

for (const page of pages) {
  const withFiles = skipUnless(reasonAgainst(page) === undefined, reasonAgainst(page) ?? '')
  if (page.shownTwice.length > 0) {
    withFiles(test)(`${page.path}: shows each file once`, () => assert.equal(page.shownTwice, []))
  }
  if (Object.keys(page.files).some(isTypeScript)) {
    withFiles(test)(`${page.path}: its TypeScript compiles`, () => {
      const own = diagnostics.filter(({ file }) => file.startsWith(`${folderOf(page)}/`) || file === '')
      assert.is(own.length, 0, listed(own))
    })
  }
  for (const { file, output } of page.programs) {
    const reason = reasonAgainst(page, file)
    skipUnless(reason === undefined, reason ?? '')(test)(
      `${page.path}: ${file} prints what the page says`,
      async () => {
        const folder = join(project.directory, 'build', folderOf(page))
        const script = file.replace(/ts$/, 'js')
        const printed = outputOf(await run(process.execPath, [script], folder, MOST_MS))
        if (output === undefined) return
        const difference = firstDifference(output, printed)
        assert.is(difference, undefined, `${difference}\n${printed}`)
      },
    )
  }
}

test.run()
