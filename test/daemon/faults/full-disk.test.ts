// @time-limit 90s
import { spawnSync } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withDaemon } from '../../support/daemon/daemon-process.js'
import { eventually } from '../../support/eventually.js'
import { skipUnless } from '../../support/skip.js'
import {
  ask,
  faultConfig,
  marks,
  postJson,
  problemOf,
  reaches,
  shownJob,
  submit,
  withFaultFolder,
} from './fault-daemon.js'

const test = suite('daemon faults: a full disk')

const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g
const HASH = /"hash":"(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})"/g
const PIECE = Buffer.alloc(4096)

/** The ids an answer names; those of the queue tool are written without hyphens. */
function idsIn(text: string): readonly string[] {
  const hashes = Array.from(text.matchAll(HASH), match => match.slice(1).join('-'))
  return [...hashes, ...Array.from(text.matchAll(ID), ([id]) => id)]
}

function mounts(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder]).status === 0
}

function unmounts(folder: string): void {
  const { status, stderr } = spawnSync('umount', ['-l', folder])
  if (status !== 0) throw new Error(`umount: ${stderr}`)
}

/** What a store gives back when a transaction fails must not make room. */
function keepFull(file: string): { readonly remove: () => Promise<void> } {
  let isFull = true
  const filling = (async () => {
    while (isFull) {
      try {
        appendFileSync(file, PIECE)
      } catch (error) {
        assert.is((error as NodeJS.ErrnoException).code, 'ENOSPC')
        await sleep(1)
      }
    }
  })()
  const remove = async () => {
    isFull = false
    await filling
    await rm(file)
  }
  return { remove }
}

async function canMount(): Promise<boolean> {
  let able = false
  await withFaultFolder(async folder => {
    able = mounts(folder)
    if (able) unmounts(folder)
  })
  return able
}

const withMounts = skipUnless(await canMount(), 'needs the right to mount a tmpfs')

withMounts(test)('what cannot be kept is not acknowledged, and all goes on when there is room', async () => {
  await withFaultFolder(async folder => {
    const data = join(folder, 'data')
    await mkdir(data)
    assert.ok(mounts(data))
    try {
      await withDaemon({ folder, config: faultConfig(folder) }, async daemon => {
        const held = await submit(daemon, 'hold')
        await reaches(daemon, held, 'running')
        const acknowledged = [held]
        const refuses = async (path: string, body: unknown): Promise<boolean> => {
          const answer = await postJson(daemon, path, body)
          if (answer.status < 300) acknowledged.push(...idsIn(answer.text))
          if (answer.status === 503) assert.is(problemOf(answer), '503 ERR_STORE_UNAVAILABLE')
          return answer.status === 503
        }
        const filler = keepFull(join(data, 'filler'))
        try {
          const large = { name: 'quick', delay: 3_600_000, input: 'x'.repeat(100_000) }
          await eventually('a large job is refused', () => refuses('/v1/jobs', large))
          await eventually('a small one is', () => refuses('/v1/jobs', { name: 'quick' }))
          await eventually('a group is', () => refuses('/group/both', {}))
          await eventually('a batch is', () => refuses('/api', [{ item: 'a', valor: 1 }]))
          await eventually('readiness tells', async () => (await ask(daemon, '/readyz')).status === 503)
          assert.is((await ask(daemon, '/healthz')).status, 200)
          assert.is((await shownJob(daemon, held)).state, 'running')

          // It ends while that cannot be kept.
          await writeFile(join(folder, 'open'), '')
          await eventually('it has ended', async () => (await marks(folder)).includes(`ended ${held} 1`))
          await eventually('nothing is kept', () => refuses('/v1/jobs', large))
        } finally {
          await filler.remove()
        }
        await eventually('it is ready', async () => (await ask(daemon, '/readyz')).status === 200)
        acknowledged.push(await submit(daemon, 'quick'))
        await reaches(daemon, acknowledged.at(-1)!, 'succeeded')
        await reaches(daemon, held, 'succeeded')
        const page = JSON.parse((await ask(daemon, '/v1/jobs?limit=1000&order=oldest')).text)
        const kept = page.jobs.map((job: { readonly id: string }) => job.id)
        assert.equal(kept.sort(), acknowledged.sort())
        assert.is((await marks(folder)).filter(line => line === `begun ${held} 1`).length, 1)
        assert.equal(await daemon.end('SIGTERM'), { code: 0, signal: null })
      })
    } finally {
      unmounts(data)
    }
  })
})

test.run()
