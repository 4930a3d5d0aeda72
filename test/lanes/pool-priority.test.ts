import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { readOsThread } from '../support/os-threads.js'
import { skipUnless } from '../support/skip.js'

const test = suite('lanes: the priority of libuv’s pool')

const onLinux = skipUnless(process.platform === 'linux', 'only Linux has niced threads')

const script = fileURLToPath(new URL('./scripts/pool-priority.js', import.meta.url))
const REQUIRE = `require(${JSON.stringify(script)})`

/** In a CommonJS program nothing has used the pool before; the loader of modules has. */
const PROGRAMS = [
  ['a CommonJS main', ['-e', REQUIRE]],
  ['an ES module as main', [script]],
  [
    'a worker thread',
    ['-e', `new (require('worker_threads').Worker)(${JSON.stringify(REQUIRE)}, {eval: true})`],
  ],
] as const

for (const [name, args] of PROGRAMS) {
  for (const poolSize of ['4', '16']) {
    onLinux(test)(`lanes leave the pool as it is: ${name}, ${poolSize} threads`, async () => {
      const env = { ...process.env, UV_THREADPOOL_SIZE: poolSize }
      const { nice } = readOsThread('/proc/self')
      if (nice !== 0) throw new Error('run this test at normal priority')
      const output = await new Promise<string>(resolve => {
        const all = ['--disable-warning=ExperimentalWarning', ...args]
        execFile(process.execPath, all, { env, timeout: 30_000 }, (_, stdout, stderr) =>
          resolve(stdout + stderr),
        )
      })
      assert.is(output, '0 new\nfirst first second\n')
    })
  }
}

test.run()
