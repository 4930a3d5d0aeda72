// @time-limit 120s
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startStore, withStoreFolder } from '../../support/daemon/store-folder.js'

const test = suite('the store and kill -9')

const accepting = fileURLToPath(new URL('./processes/accepting.js', import.meta.url))
const ROUNDS = 3
const BEFORE_THE_KILL = 500

/** The ids that a process got confirmed before it was killed. */
async function confirmedBeforeDeath(folder: string): Promise<readonly string[]> {
  const child = spawn(process.execPath, [accepting, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    text += chunk
    if (text.length > BEFORE_THE_KILL * 37) child.kill('SIGKILL')
  })
  await once(child, 'close')
  assert.is(child.signalCode, 'SIGKILL')
  return text.split('\n').slice(0, -1)
}

test('every confirmed job is there after the process was killed, round after round', async () => {
  await withStoreFolder(async folder => {
    const confirmed: string[] = []
    for (let round = 0; round < ROUNDS; round++) confirmed.push(...(await confirmedBeforeDeath(folder)))
    assert.ok(confirmed.length >= ROUNDS * BEFORE_THE_KILL)
    const { store, close } = await startStore(folder)
    try {
      for (const id of confirmed) assert.is((await store.get(id))?.state, 'waiting', id)
    } finally {
      await close()
    }
  })
})

test.run()
