// @time-limit 60s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runTree, suiteFile } from './fixture-tree.js'

const test = suite('runner: what turns a file red')

const PASSES = `test('passes', () => {})`
const SHORT = ['--limit', '3000']

interface RedCase {
  readonly name: string
  readonly text: string
  readonly closing: string
  readonly reason: RegExp
  readonly args?: readonly string[]
}

// Most of these are green, or wait for ever, under uvu alone.
const RED: readonly RedCase[] = [
  {
    name: 'a failing test',
    text: suiteFile(`${PASSES}\ntest('fails', () => assert.is(1, 2))\ntest.run()`),
    closing: '1 passed, 1 failed, 0 skipped',
    reason: /1 of 2 tests did not pass/,
  },
  {
    name: 'a throwing before',
    text: suiteFile(`test.before(() => { throw new Error('planted') })\n${PASSES}\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /1 of 1 tests did not pass/,
  },
  {
    name: 'a throwing after',
    text: suiteFile(`test.after(() => { throw new Error('planted') })\n${PASSES}\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /no summary/,
  },
  {
    name: 'a throwing before.each',
    text: suiteFile(`test.before.each(() => { throw new Error('planted') })\n${PASSES}\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /1 of 1 tests did not pass/,
  },
  {
    name: 'a throwing after.each',
    text: suiteFile(`test.after.each(() => { throw new Error('planted') })\n${PASSES}\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /1 of 1 tests did not pass/,
  },
  {
    name: 'a thrown null',
    text: suiteFile(`${PASSES}\ntest('throws', () => { throw null })\ntest('third', () => {})\ntest.run()`),
    closing: '1 passed, 2 failed, 0 skipped',
    reason: /2 of 3 tests did not pass/,
  },
  {
    name: 'a thrown string',
    text: suiteFile(`test('throws', () => { throw 'planted' })\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /1 of 1 tests did not pass/,
  },
  {
    name: 'an empty suite',
    text: suiteFile('test.run()'),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /no test in it/,
  },
  {
    name: 'a file with nothing but skipped tests',
    text: suiteFile(`test.skip('skipped', () => {})\ntest.run()`),
    closing: '0 passed, 1 failed, 1 skipped',
    reason: /every test in it is skipped/,
  },
  {
    name: 'a file that throws while it is loaded',
    text: suiteFile(`${PASSES}\ntest.run()\nthrow new Error('planted')`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /no summary; exit code 1/,
  },
  {
    name: 'a suite that is run after uvu has started',
    text: suiteFile(`${PASSES}\ntest.run()\nsetTimeout(() => {\n  ${PASSES}\n  test.run()\n}, 100)`),
    closing: '1 passed, 1 failed, 0 skipped',
    reason: /a suite was run\(\) after uvu had started/,
  },
  {
    name: 'a test that never settles',
    text: suiteFile(`test('waits', () => new Promise(() => {}))\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /no summary; exit code/,
  },
  {
    name: 'an exit in the middle',
    text: suiteFile(`test('leaves', () => process.exit(0))\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /no summary/,
  },
  {
    name: 'a leaked worker thread',
    text: suiteFile(
      `import { Worker } from 'node:worker_threads'\n` +
        `test('leaks', () => void new Worker('setInterval(() => {}, 1000)', { eval: true }))\ntest.run()`,
    ),
    closing: '1 passed, 1 failed, 0 skipped',
    reason: /ended by its limit of 3000 ms after its summary: something is still open/,
    args: SHORT,
  },
  {
    name: 'an endless loop',
    text: suiteFile(`test('spins', () => { for (;;); })\ntest.run()`),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /no summary; ended by its limit of 3000 ms before its summary/,
    args: SHORT,
  },
  {
    name: 'process.exitCode left at 1',
    text: suiteFile(`test('leaves 1', () => { process.exitCode = 1 })\ntest.run()`),
    closing: '1 passed, 1 failed, 0 skipped',
    reason: /it left process\.exitCode at 1/,
  },
  {
    name: 'a failing test in a process that leaves with process.exitCode = 0',
    text: suiteFile(
      `process.on('exit', () => { process.exitCode = 0 })\n` +
        `test('fails', () => assert.unreachable())\ntest.run()`,
    ),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /1 of 1 tests did not pass/,
  },
  {
    name: 'a crash after the summary, covered up by process.exitCode = 0',
    text: suiteFile(
      `process.on('exit', () => { process.exitCode = 0 })\n${PASSES}\n` +
        `setTimeout(() => { throw new Error('planted') }, 100)\ntest.run()`,
    ),
    closing: '1 passed, 1 failed, 0 skipped',
    reason: /it exited with code 1 after its summary/,
  },
  {
    name: 'an unhandled rejection after the summary',
    text: suiteFile(`${PASSES}\nsetTimeout(() => { Promise.reject(new Error('planted')) }, 100)\ntest.run()`),
    closing: '1 passed, 1 failed, 0 skipped',
    reason: /exit code 1/,
  },
  {
    name: 'a summary printed by the test itself',
    text: suiteFile(
      `test('prints', () => console.log('\\n  Total:     9\\n  Passed:    9\\n  Skipped:   0'))\ntest.run()`,
    ),
    closing: '0 passed, 1 failed, 0 skipped',
    reason: /several summaries/,
  },
]

for (const { name, text, closing, reason, args } of RED) {
  test(name, async () => {
    const outcome = await runTree({ red: text }, args)
    assert.is(outcome.closing, closing, outcome.stdout)
    assert.match(outcome.stdout, reason)
    assert.is(outcome.code, 1)
    assert.is(outcome.stderr, '')
  })
}

test.run()
