import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { repoRoot } from '../support/repo-root.js'
import { readSources } from '../support/source-tree.js'
import { registeredCodes } from './rules/error-codes.js'
import { expectClean } from './rules/expect-clean.js'
import { findUnshown, testNames } from './rules/shown-faults.js'

const test = suite('tidy: faults and the tests that show them')

const HEAD = '| when | what | code | test |\n|---|---|---|---|\n'

test('the names of tests are read, and no other texts', () => {
  const text = [
    `test('one', () => {})`,
    `both(\n  'another, on a line of its own', async () => {})`,
    'for (const how of WAYS) test(`with a part: $' + '{how}`, () => {})',
    `skipUnless(isLinux, 'needs Linux')(test)('the third', () => {})`,
    `const text = 'no test'`,
    `// test('in a comment')`,
  ].join('\n')
  const names = testNames({ path: 'a.test.ts', text })
  for (const name of ['one', 'another, on a line of its own', 'with a part: ', 'the third'])
    assert.ok(names.includes(name), `${name}: ${names.join('; ')}`)
  for (const name of ['no test', 'in a comment']) assert.not.ok(names.includes(name), name)
})

test('a row without its test, and one with a code that there is not, are found', () => {
  const find = (row: string) =>
    findUnshown({ path: 'faults.md', text: HEAD + row }, ['it breaks: at once', 'other'], ['ERR_A'])
  assert.equal(find('| it breaks | it fails | `ERR_A` | it breaks |'), [])
  assert.match(find('| it breaks | it fails | `ERR_A` | it broke |')[0]?.message ?? '', /^No test's name/)
  assert.match(find('| it breaks | it fails | `ERR_A` | |')[0]?.message ?? '', /^Name the test/)
  assert.match(
    find('| it breaks | it fails | `ERR_B` | other |')[0]?.message ?? '',
    /^There is no code ERR_B/,
  )
  assert.match(find('| it breaks | other |')[0]?.message ?? '', /^Give the row four cells/)
})

test('every fault of docs/faults.md is shown by a test', () => {
  const names = readSources('test')
    .filter(({ path }) => /^test\/(?:faults|soak|lanes)\/[^/]+\.test\.ts$/.test(path))
    .flatMap(testNames)
  const codes = registeredCodes(readFileSync(join(repoRoot, 'src', 'core', 'errors.ts'), 'utf8')) ?? []
  const page = { path: 'docs/faults.md', text: readFileSync(join(repoRoot, 'docs', 'faults.md'), 'utf8') }
  assert.ok(page.text.split('\n').filter(line => line.startsWith('| ')).length > 30)
  expectClean([page], found => findUnshown(found, names, codes))
})

test.run()
