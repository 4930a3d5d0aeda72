import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readOsThread } from '../support/os-threads.js'
import { skipUnless } from '../support/skip.js'

const test = suite('lanes: the priority of libuv’s pool')

const canBeLowered =
  process.platform === 'linux' && readOsThread('/proc/self').nice < constants.priority.PRIORITY_LOW
const withRoomBelow = skipUnless(canBeLowered, 'needs Linux, and not to have the lowest priority itself')

const script = fileURLToPath(new URL('./scripts/pool-priority.js', import.meta.url))
const require = `require(${JSON.stringify(script)})`

/** The loader of ES modules uses the pool; in a program of CommonJS alone nothing has, before its first lane. */
const PROGRAMS = {
  'a CommonJS main': ['-e', require],
  'an ES module as main': [script],
  'a worker thread': [
    '-e',
    `new (require('worker_threads').Worker)(${JSON.stringify(require)}, {eval: true})`,
  ],
}

/** Has all of the pool's threads work at once. */
const TASKS = `const { pbkdf2 } = require('node:crypto')
const { readFile } = require('node:fs')
exports.usePool = async () => {
  const calls = []
  for (let i = 0; i < 32; i++) {
    calls.push(new Promise(resolve => pbkdf2('a', 'b', 2000, 32, 'sha256', resolve)))
    calls.push(new Promise(resolve => readFile('/proc/self/stat', resolve)))
  }
  await Promise.all(calls)
}
`
let folder = ''
let tasks = ''
test.before(() => {
  folder = mkdtempSync(join(tmpdir(), 'pool-'))
  tasks = join(folder, 'tasks.cjs')
  writeFileSync(tasks, TASKS)
})
test.after(() => rmSync(folder, { recursive: true }))

function outputOf(args: readonly string[], poolSize: string): Promise<string> {
  const env = { ...process.env, UV_THREADPOOL_SIZE: poolSize, TASKS: tasks }
  const all = ['--disable-warning=ExperimentalWarning', ...args]
  return new Promise(resolve => {
    execFile(process.execPath, all, { env, timeout: 30_000 }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
}

for (const [program, args] of Object.entries(PROGRAMS)) {
  for (const poolSize of ['4', '16']) {
    withRoomBelow(test)(
      `lowered lanes neither make the pool nor lower it: ${program}, ${poolSize}`,
      async () => {
        assert.is(await outputOf(args, poolSize), '0 new\nfirst first second\n')
      },
    )
  }
}

test.run()
