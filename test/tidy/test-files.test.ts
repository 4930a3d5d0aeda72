import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readSources } from '../support/source-tree.js'
import { findOnly, findUnrunTests } from '../support/suite-checks.js'
import { expectClean } from './rules/expect-clean.js'
import { findForeignTest, findSilentSkip } from './rules/test-files.js'

const test = suite('tidy: test files')

const path = 'test/sample.test.ts'
const UVU = `import { suite } from 'uvu'\n`

test('a suite that is not run is found', () => {
  const samples = [
    `${UVU}const test = suite('a')\ntest('b', () => {})`,
    `${UVU}const test = suite('a')\n// test.run()`,
    `${UVU}const test = suite('a')\nconst text = 'test.run()'`,
    `${UVU}const test = suite<{ port: () => void }>('a')`,
    `${UVU}const test: Test<X> = suite('a')\nother.test.run()`,
    `${UVU}const one = suite('a')\nconst two = suite('b')\ntwo.run()`,
    `import { test } from 'uvu'\ntest('a', () => {})`,
    `import { test as check, suite } from 'uvu'\ncheck('a', () => {})`,
  ]
  for (const text of samples) {
    const problems = findUnrunTests({ path, text })
    assert.is(problems.length, 1, text)
    assert.match(problems[0]?.message ?? '', /Call \w+\.run\(\)/)
  }
})

test('each of two suites of one name has to be run', () => {
  const contract = (run: string) => `export function a() {\n  const test = suite('a')\n  ${run}\n}\n`
  assert.is(findUnrunTests({ path, text: UVU + contract('') + contract('test.run()') }).length, 1)
  assert.equal(findUnrunTests({ path, text: UVU + contract('test.run()').repeat(2) }), [])
})

test('a test after run() is found', () => {
  const [problem] = findUnrunTests({ path, text: `${UVU}const test = suite('a')\ntest.run()\ntest('b', c)` })
  assert.is(problem?.line, 4)
  assert.match(problem?.message ?? '', /Move this above test\.run\(\)/)
})

test('a suite without a name to run it by is found', () => {
  const [problem] = findUnrunTests({ path, text: `${UVU}register(suite('a'))` })
  assert.match(problem?.message ?? '', /Write const name = suite/)
})

test('suites that are run are left alone', () => {
  const samples = [
    `${UVU}const test = suite('a')\ntest('b', () => {})\ntest.run()`,
    `${UVU}const test = suite<{ port: () => void }>('a')\ntest('b', () => {})\ntest.run()`,
    `${UVU}const one = suite('a')\none.run()\nconst two = suite('b')\ntwo.run()`,
    `import { test } from 'uvu'\ntest('a', () => {})\ntest.run()`,
    `const suite = () => 1\nsuite()`,
  ]
  for (const text of samples) assert.equal(findUnrunTests({ path, text }), [], text)
})

test('.only is found in code alone', () => {
  assert.is(findOnly({ path, text: `test.only('a', () => {})` }).length, 1)
  assert.is(findOnly({ path, text: `test\n  .only('a', () => {})` }).length, 1)
  assert.equal(findOnly({ path, text: `// test.only('a')\nconst text = 'test.only(1)'\nreadOnly()` }), [])
})

test('a test file without a test of uvu is found', () => {
  assert.is(findForeignTest({ path, text: `import { test } from 'node:test'` }).length, 1)
  assert.equal(findForeignTest({ path, text: UVU }), [])
  assert.equal(findForeignTest({ path, text: `import { portContract } from '../contract/port.js'` }), [])
  assert.equal(findForeignTest({ path: 'test/support/clock.ts', text: '' }), [])
})

test('a silent skip is found', () => {
  assert.is(findSilentSkip({ path, text: `test.skip('a', () => {})` }).length, 1)
  assert.equal(findSilentSkip({ path, text: `skipUnless(false, 'b')(test)('a', () => {})` }), [])
})

test('every suite in the tree is run', () => expectClean(readSources('test'), findUnrunTests))

test('no .only in the tree', () => expectClean(readSources('test'), findOnly))

test('every test file makes its tests with uvu', () => expectClean(readSources('test'), findForeignTest))

test('nothing in the tree is skipped in silence', () => expectClean(readSources('test'), findSilentSkip))

test.run()
