import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runTree, suiteFile } from './fixture-tree.js'

const test = suite('runner: what turns the tree red')

const HEALTHY = suiteFile(`test('passes', () => {})\ntest.run()`)

test('a tree without a test file', async () => {
  const outcome = await runTree({})
  assert.match(outcome.stdout, /No test file found\./)
  assert.is(outcome.closing, '0 passed, 1 failed, 0 skipped')
  assert.is(outcome.code, 1)
})

test('a root that does not exist', async () => {
  const outcome = await runTree({ healthy: HEALTHY }, ['--root', 'build/no-such-folder'])
  assert.match(outcome.stdout, /healthy\.test\.ts: not compiled/)
  assert.is(outcome.closing, '0 passed, 2 failed, 0 skipped')
  assert.is(outcome.code, 1)
})

test('a filter that matches nothing, beside one that does', async () => {
  const outcome = await runTree({ healthy: HEALTHY }, ['healthy', 'healhty'])
  assert.match(outcome.stdout, /No test file matches 'healhty'\./)
  assert.is(outcome.closing, '1 passed, 1 failed, 0 skipped')
  assert.is(outcome.code, 1)
})

test('.only in a file of the tree, though a filter leaves the file out', async () => {
  const only = suiteFile(`test.only('alone', () => {})\ntest('left out', () => {})\ntest.run()`)
  const outcome = await runTree({ only, healthy: HEALTHY }, ['healthy'])
  assert.match(outcome.stdout, /only\.test\.ts:4: Remove \.only/)
  assert.is(outcome.closing, '1 passed, 1 failed, 0 skipped')
  assert.is(outcome.code, 1)
})

test('a suite whose run() is forgotten', async () => {
  const outcome = await runTree({ forgotten: suiteFile(`test('never run', () => {})`) })
  assert.match(outcome.stdout, /forgotten\.test\.ts:3: Call test\.run\(\)/)
  assert.match(outcome.stdout, /FAIL forgotten\.test\.js .*: no test in it/)
  assert.is(outcome.code, 1)
})

test('a suite whose run() is forgotten, beside one that is run', async () => {
  const two = suiteFile(
    `const other = suite('other')\nother('never run', () => {})\ntest('passes', () => {})\ntest.run()`,
  )
  const outcome = await runTree({ two })
  assert.match(outcome.stdout, /two\.test\.ts:4: Call other\.run\(\)/)
  assert.is(outcome.closing, '1 passed, 1 failed, 0 skipped')
  assert.is(outcome.code, 1)
})

test('a test source that was not compiled', async () => {
  const outcome = await runTree({ healthy: HEALTHY, fresh: HEALTHY }, [], ['fresh.test.js'])
  assert.match(outcome.stdout, /fresh\.test\.ts: not compiled/)
  assert.is(outcome.closing, '1 passed, 1 failed, 0 skipped')
  assert.is(outcome.code, 1)
})

test('a time limit that cannot be read', async () => {
  const outcome = await runTree({ slow: `// @time-limit ages\n${HEALTHY}` })
  assert.match(outcome.stdout, /slow\.test\.ts:1: Write the limit as/)
  assert.is(outcome.closing, '1 passed, 1 failed, 0 skipped')
  assert.is(outcome.code, 1)
})

test('an unknown option is refused without a closing line', async () => {
  for (const args of [['--fast'], ['--jobs', '0'], ['--limit', 'soon']]) {
    const outcome = await runTree({ healthy: HEALTHY }, args)
    assert.match(outcome.stderr, /Usage:/)
    assert.is(outcome.stdout, '')
    assert.is(outcome.code, 2)
  }
})

test.run()
