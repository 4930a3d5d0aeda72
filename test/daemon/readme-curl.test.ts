// @time-limit 60s
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DaemonProcess, startDaemon } from '../support/daemon/daemon-process.js'
import { exampleFolder } from '../support/daemon/example-folder.js'
import { repoRoot } from '../support/repo-root.js'
import { skipUnless } from '../support/skip.js'

const PORT = '8080'
const CURL_LINE = /^(curl .*?)\s+# (\d{3})$/gm
const PATHS = (process.env.PATH ?? '').split(':')

const run = promisify(execFile)
const withCurl = skipUnless(
  PATHS.some(path => existsSync(join(path, 'curl'))),
  'needs curl',
)

const test = suite("daemon: the README's requests, as they stand")

let folder: string
let daemon: DaemonProcess

test.before(async () => {
  folder = await exampleFolder()
  daemon = await startDaemon({ folder, flags: ['--port', PORT] })
})

test.after(async () => {
  await daemon.end('SIGKILL')
  await rm(folder, { recursive: true })
})

const readme = readFileSync(join(repoRoot, 'daemon', 'README.md'), 'utf8')
const lines = Array.from(readme.matchAll(CURL_LINE), ([, command, status]) => ({ command, status }))

test('every request of it says what is answered', () => {
  assert.ok(lines.length > 0)
  assert.is(lines.length, readme.match(/^curl /gm)?.length)
})

for (const { command, status } of lines) {
  withCurl(test)(`${command} answers ${status}`, async () => {
    const { stdout } = await run('sh', ['-c', `${command} -s -w '\\n%{http_code}'`])
    assert.is(stdout.split('\n').at(-1), status, stdout)
  })
}

test.run()
