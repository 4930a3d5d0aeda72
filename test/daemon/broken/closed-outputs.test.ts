// @time-limit 60s
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { daemonFolder } from '../../support/daemon/daemon-process.js'
import { eventually } from '../../support/eventually.js'
import { repoRoot } from '../../support/repo-root.js'

const test = suite('daemon broken: nobody reads its outputs any more')

const BIN = join(repoRoot, 'daemon/dist/bin.js')
const CHATTY = fileURLToPath(new URL('./tasks/chatty.js', import.meta.url))
const CONFIG = 'listen: {port: 0}\njob: {speak: {task: ./speak.mjs#speak}}\n'
const READY = /^multilaned listening on (\S+)$/m

test('a job that prints does not end it, nor does its own log', async () => {
  const folder = await daemonFolder()
  await writeFile(join(folder, 'multilaned.yaml'), CONFIG)
  await copyFile(CHATTY, join(folder, 'speak.mjs'))
  const child = spawn(process.execPath, [BIN, '--debug'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  try {
    const address = await addressOf(child.stdout)
    child.stdout.destroy()
    child.stderr.destroy()
    for (let round = 0; round < 3; round++) {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${address}/v1/jobs`, { method: 'POST', headers, body: '{"name":"speak"}' })
      const { id } = (await answer.json()) as { id: string }
      await eventually('the job has succeeded', async () => {
        const { state } = (await (await fetch(`${address}/v1/jobs/${id}`)).json()) as { state: string }
        return state === 'succeeded'
      })
    }
    child.kill('SIGTERM')
    assert.equal(await exited, [0, null])
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
})

async function addressOf(output: Readable): Promise<string> {
  let text = ''
  for await (const chunk of output.iterator({ destroyOnReturn: false })) {
    text += chunk
    const address = READY.exec(text)?.[1]
    if (address !== undefined) return address
  }
  throw new Error(`it ended before it listened\n${text}`)
}

test.run()
