import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as library from 'multilane'
import * as task from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { outputOf, run } from './command.js'

const test = suite('package: the API reference')

const COMMITTED = join(repoRoot, 'docs', 'reference')
const GENERATOR = join(repoRoot, 'scripts', 'reference', 'generate.mjs')

let folder: string
test.before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'multilane-reference-'))
  outputOf(await run(process.execPath, [GENERATOR, folder], folder))
})
test.after(() => rmSync(folder, { recursive: true, force: true }))

/** The first line in which two texts differ, or undefined. */
function difference(expected: string, actual: string): string | undefined {
  const [wanted, found] = [expected.split('\n'), actual.split('\n')]
  const at = wanted.findIndex((line, i) => line !== found[i])
  return at === -1 ? undefined : `line ${at + 1}: '${found[at] ?? ''}' is now '${wanted[at]}'`
}

test('what is committed is what the declarations say now', () => {
  const pages = readdirSync(folder).sort()
  const again = 'after a change of the public API run: npm run docs:reference'
  assert.equal(readdirSync(COMMITTED).sort(), pages, again)
  for (const page of pages) {
    const [now, committed] = [folder, COMMITTED].map(place => readFileSync(join(place, page), 'utf8'))
    assert.is(committed, now, `${again}\ndocs/reference/${page}, ${difference(now!, committed!)}`)
  }
})

for (const [page, exported] of Object.entries({ 'multilane.md': library, 'multilane-task.md': task })) {
  test(`every value of ${page} is described`, () => {
    const text = readFileSync(join(folder, page), 'utf8')
    for (const name of Object.keys(exported)) assert.ok(text.includes(`\n### ${name}\n`), name)
  })
}

test('what is internal is not', () => {
  const text = readdirSync(folder)
    .map(page => readFileSync(join(folder, page), 'utf8'))
    .join('\n')
  assert.not.match(text, /@internal|#private|LaneSender|LaneConnection|SupervisorConnection/)
})

test.run()
