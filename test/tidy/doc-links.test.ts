import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { listFiles, type SourceFile } from '../support/source-tree.js'
import { anchorsOf, findDeadLinks } from './rules/doc-links.js'
import { expectClean } from './rules/expect-clean.js'

const test = suite('tidy: links between pages')

/** Pages that are linked and still being written. */
const AWAITED: readonly string[] = []

function readIfThere(path: string): string | undefined {
  const place = join(repoRoot, path)
  const found = statSync(place, { throwIfNoEntry: false })
  if (found === undefined) return AWAITED.includes(path) ? '' : undefined
  return found.isDirectory() ? '' : readFileSync(place, 'utf8')
}

test('a heading has the anchor that it has on the web', () => {
  const page =
    '# A `code` word, and (more)\n\n## Lane\n\n### lane\n\n```sh\n# no heading\n```\n## [Link](x.md): ERR_A\n'
  assert.equal([...anchorsOf(page)], ['a-code-word-and-more', 'lane', 'lane-1', 'link-err_a'])
})

test('a link to no file and one to no heading are found, others are not', () => {
  const pages: Readonly<Record<string, string>> = { 'docs/b.md': '# Two words\n', 'src/core': '' }
  const deadIn = (text: string) => findDeadLinks({ path: 'docs/a.md', text }, path => pages[path])
  const good =
    '# Here\n[a](b.md) [b](b.md#two-words) [c](#here) [d](../src/core) [e](https://a.org/b.md#x) `[f](g.md)`\n'
  assert.equal(deadIn(good), [])
  assert.equal(deadIn('[a](b.md)\n[x](guide/c.md)'), [
    { path: 'docs/a.md', line: 2, message: 'There is no docs/guide/c.md.' },
  ])
  assert.match(deadIn('[x](b.md#three)')[0]?.message ?? '', /^docs\/b\.md has no heading #three/)
  assert.match(deadIn('[x](#there)')[0]?.message ?? '', /has no heading #there/)
})

test('no page links to what is not there', () => {
  const pages = listFiles(repoRoot)
    .filter(path => path.endsWith('.md'))
    .map((path): SourceFile => ({ path, text: readFileSync(join(repoRoot, path), 'utf8') }))
  expectClean(pages, page => findDeadLinks(page, readIfThere))
})

test('every page of docs is in its index', () => {
  const pages = listFiles(join(repoRoot, 'docs')).filter(path => path.endsWith('.md'))
  const index = readFileSync(join(repoRoot, 'docs', 'README.md'), 'utf8')
  const missing = pages.filter(
    path => !/^(?:README|reference\/.+)\.md$/.test(path) && !index.includes(`](${path})`),
  )
  assert.equal(missing, [], 'link it from docs/README.md')
})

test.run()
