import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { plantTests, runTree, startRunner, suiteFile } from './fixture-tree.js'

const test = suite('runner: what stays green, and how it runs')

const HEALTHY = suiteFile(`test('passes', () => {})\ntest('passes too', async () => {})\ntest.run()`)

test('a healthy file is green, with its counts', async () => {
  const outcome = await runTree({ 'folder/healthy': HEALTHY })
  assert.match(outcome.stdout, /^ok {3}folder\/healthy\.test\.js \(2 passed, 0 failed, 0 skipped, /)
  assert.is(outcome.closing, '2 passed, 0 failed, 0 skipped')
  assert.is(outcome.stdout.trimEnd().split('\n').length, 2, 'one line for the file, one that closes the run')
  assert.is(outcome.code, 0)
})

test('counts of several files and suites are added up', async () => {
  const two = suiteFile(
    `const other = suite('other')\nother('a', () => {})\nother.run()\ntest('b', () => {})\ntest.run()`,
  )
  for (const args of [[], ['--jobs', '2']]) {
    const outcome = await runTree({ healthy: HEALTHY, two }, args)
    assert.is(outcome.closing, '4 passed, 0 failed, 0 skipped')
    assert.is(outcome.code, 0)
  }
})

test('a skipped test is counted, and one skipped by name is named', async () => {
  const skipping = suiteFile(
    `import { skipUnless } from '${new URL('../support/skip.js', import.meta.url)}'\n` +
      `skipUnless(false, 'needs wind')(test)('rides the wind', () => assert.unreachable())\n` +
      `skipUnless(true, 'needs ground')(test)('walks', () => {})\ntest.run()`,
  )
  const outcome = await runTree({ skipping })
  assert.match(outcome.stdout, /\n {5}skipped: rides the wind \(needs wind\)\n/)
  assert.not.match(outcome.stdout, /needs ground/)
  assert.is(outcome.closing, '1 passed, 0 failed, 1 skipped')
  assert.is(outcome.code, 0)
})

test('a compiled test whose source is gone is not run', async () => {
  const failing = suiteFile(`test('fails', () => assert.unreachable())\ntest.run()`)
  const outcome = await runTree({ healthy: HEALTHY, stale: failing }, [], ['stale.test.ts'])
  assert.match(outcome.stdout, /left out stale\.test\.js: its source is gone/)
  assert.is(outcome.closing, '2 passed, 0 failed, 0 skipped')
  assert.is(outcome.code, 0)
})

test('filters are substrings of the path', async () => {
  const failing = suiteFile(`test('fails', () => assert.unreachable())\ntest.run()`)
  const outcome = await runTree({ 'core/queue': HEALTHY, 'lanes/queue': failing }, ['core/'])
  assert.is(outcome.closing, '2 passed, 0 failed, 0 skipped')
})

test('the output of a green file is shown only when asked for', async () => {
  const talking = suiteFile(`test('talks', () => console.error('said aloud'))\ntest.run()`)
  const quiet = await runTree({ talking })
  assert.not.match(quiet.stdout, /said aloud/)
  const verbose = await runTree({ talking }, ['--verbose'])
  assert.match(verbose.stdout, /^ {2}\|.* said aloud$/m)
})

test('a closing line among the output of a failing file is not mistaken for the own one', async () => {
  const imitating = suiteFile(
    `test('prints', () => console.log('\\n9 passed, 0 failed, 0 skipped'))\n` +
      `test('fails', () => assert.unreachable())\ntest.run()`,
  )
  const outcome = await runTree({ imitating })
  const closingLines = outcome.stdout.match(/^\d+ passed, \d+ failed, \d+ skipped$/gm)
  assert.equal(closingLines, ['1 passed, 1 failed, 0 skipped'])
})

test('a file may set a limit of its own', async () => {
  const slow = suiteFile(`test('sleeps', () => new Promise(done => setTimeout(done, 900)))\ntest.run()`)
  const roomy = await runTree({ slow: `// @time-limit 20s\n${slow}` }, ['--limit', '300'])
  assert.is(roomy.closing, '1 passed, 0 failed, 0 skipped')
  const tight = await runTree({ slow: `// @time-limit 300ms\n${slow}` })
  assert.match(tight.stdout, /ended by its limit of 300 ms/)
})

test('a file sees the argv it would see if Node had been given it', async () => {
  const argv = suiteFile(
    `test('argv', () => {\n  assert.is(process.argv.length, 2)\n` +
      `  assert.ok(process.argv[1].endsWith('argv.test.js'))\n})\ntest.run()`,
  )
  const outcome = await runTree({ argv })
  assert.is(outcome.closing, '1 passed, 0 failed, 0 skipped', outcome.stdout)
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  // What nobody has reaped yet is gone all the same.
  const status = `/proc/${pid}/status`
  return !existsSync(status) || !/^State:\s+Z/m.test(readFileSync(status, 'utf8'))
}

async function until(condition: () => boolean, patience = 10_000): Promise<boolean> {
  for (let waited = 0; waited < patience; waited += 20) {
    if (condition()) return true
    await sleep(20)
  }
  return condition()
}

const SPINS_BESIDE_A_CHILD = suiteFile(`
import { spawn } from 'node:child_process'
import { renameSync, writeFileSync } from 'node:fs'
test('spins', () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' })
  const file = new URL('./pids.json', import.meta.url)
  writeFileSync(new URL('./pids.part', import.meta.url), JSON.stringify([process.pid, child.pid]))
  renameSync(new URL('./pids.part', import.meta.url), file)
  for (;;);
})
test.run()`)

function readPids(root: string): number[] {
  return JSON.parse(readFileSync(join(root, 'pids.json'), 'utf8')) as number[]
}

test('a time-out ends the children of the file too', async () => {
  const tree = plantTests({ spins: SPINS_BESIDE_A_CHILD })
  try {
    const outcome = await startRunner(tree, ['--limit', '3000']).outcome
    assert.is(outcome.code, 1)
    for (const pid of readPids(tree.root)) assert.ok(await until(() => !isAlive(pid)), `${pid} lives on`)
  } finally {
    tree.remove()
  }
})

test('a runner that is told to go takes its processes along and closes no run', async () => {
  const tree = plantTests({ spins: SPINS_BESIDE_A_CHILD })
  try {
    const runner = startRunner(tree, ['--limit', '30000'])
    assert.ok(await until(() => existsSync(join(tree.root, 'pids.json'))))
    runner.kill('SIGTERM')
    const outcome = await runner.outcome
    assert.is(outcome.code, 130)
    assert.is(outcome.stdout, '')
    for (const pid of readPids(tree.root)) assert.ok(await until(() => !isAlive(pid)), `${pid} lives on`)
  } finally {
    tree.remove()
  }
})

test.run()
