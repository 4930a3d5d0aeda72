// @time-limit 60s
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { copyFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { daemonFolder } from '../../support/daemon/daemon-process.js'
import { eventually } from '../../support/eventually.js'
import { repoRoot } from '../../support/repo-root.js'
import { skipUnless } from '../../support/skip.js'

const test = suite('daemon broken: nobody reads its outputs any more')

const BIN = join(repoRoot, 'daemon/dist/bin.js')
const CHATTY = fileURLToPath(new URL('./tasks/chatty.js', import.meta.url))
const CONFIG = 'listen: {port: 0}\njob: {speak: {task: ./speak.mjs#speak}}\n'
const READY = /^multilaned listening on (\S+)$/m

const withFullDevice = skipUnless(existsSync('/dev/full'), 'needs /dev/full')
withFullDevice(test)('a full disk for both does not end it', async () => {
  const full = openSync('/dev/full', 'w')
  const folder = await prepared()
  const child = spawn(process.execPath, [BIN, '--debug'], { cwd: folder, stdio: ['ignore', full, full] })
  closeSync(full)
  const exited = once(child, 'exit')
  try {
    const address = await Promise.race([
      addressInLock(folder),
      exited.then(([code]) => {
        throw new Error(`it ended with code ${code}`)
      }),
    ])
    for (let round = 0; round < 3; round++) await speaks(address)
    child.kill('SIGTERM')
    assert.equal(await exited, [0, null])
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
})

test('a job that prints does not end it, nor does its own log', async () => {
  const folder = await prepared()
  const child = spawn(process.execPath, [BIN, '--debug'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(child, 'exit')
  try {
    const address = await addressOf(child.stdout)
    child.stdout.destroy()
    child.stderr.destroy()
    for (let round = 0; round < 3; round++) await speaks(address)
    child.kill('SIGTERM')
    assert.equal(await exited, [0, null])
  } finally {
    child.kill('SIGKILL')
    await rm(folder, { recursive: true })
  }
})

async function prepared(): Promise<string> {
  const folder = await daemonFolder()
  await writeFile(join(folder, 'multilaned.yaml'), CONFIG)
  await copyFile(CHATTY, join(folder, 'speak.mjs'))
  return folder
}

async function speaks(address: string): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${address}/v1/jobs`, { method: 'POST', headers, body: '{"name":"speak"}' })
  const { id } = (await answer.json()) as { id: string }
  await eventually('the job has succeeded', async () => {
    const { state } = (await (await fetch(`${address}/v1/jobs/${id}`)).json()) as { state: string }
    return state === 'succeeded'
  })
}

/** A daemon that cannot say where it listens tells it to a second one on the same store. */
async function addressInLock(folder: string): Promise<string> {
  let address: string | undefined
  await eventually('the daemon listens', async () => {
    const text = await readFile(join(folder, 'data', 'lock.json'), 'utf8').catch(() => '')
    address = /http:\/\/[\w.:]+/.exec(text)?.[0]
    return address !== undefined
  })
  return address!
}

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
