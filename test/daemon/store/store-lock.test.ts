import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openStore } from '#daemon/store/open-store.js'
import { StoreError } from '#daemon/store/store-error.js'
import { acquireStoreLock } from '#daemon/store/store-lock.js'
import { withStoreFolder } from '../../support/daemon/store-folder.js'
import { eventually } from '../../support/eventually.js'
import { rejectionOf, thrownBy } from '../../support/rejection.js'

const test = suite('the lock of the store')

const holder = new URL('./processes/lock-holder.js', import.meta.url)
const NOW = Date.UTC(2024, 1, 3, 4, 5, 6)

async function holdElsewhere(folder: string): Promise<ChildProcess> {
  const child = fork(holder, [folder])
  await once(child, 'message')
  return child
}

test('a second one in the same process is refused until the first lets go', async () => {
  await withStoreFolder(async folder => {
    const lock = acquireStoreLock(folder, NOW)
    const error = thrownBy(() => acquireStoreLock(folder, NOW), StoreError)
    assert.is(error.code, 'ERR_STORE_HELD')
    assert.match(error.message, `process ${process.pid} on `)
    assert.match(error.message, '2024-02-03T04:05:06.000Z')
    lock.release()
    lock.release()
    acquireStoreLock(folder, NOW).release()
  })
})

test('who is refused is told where the holder listens', async () => {
  await withStoreFolder(async folder => {
    const lock = acquireStoreLock(folder, NOW)
    lock.announce('http://127.0.0.1:8080')
    const error = thrownBy(() => acquireStoreLock(folder, NOW), StoreError)
    assert.match(error.message, 'listening on http://127.0.0.1:8080')
    lock.release()
  })
})

test('the text about the holder decides nothing', async () => {
  await withStoreFolder(async folder => {
    const text = join(folder, 'lock.json')
    writeFileSync(text, '{"pid":1,"host":"h","since":"long ago","address":null}')
    const lock = acquireStoreLock(folder, NOW)
    assert.is(JSON.parse(readFileSync(text, 'utf8')).pid, process.pid)
    for (const odd of ['', '{"pid":', '[]', 'null', '{"pid":"<b>"}']) {
      writeFileSync(text, odd)
      assert.match(thrownBy(() => acquireStoreLock(folder, NOW), StoreError).message, 'another daemon has')
    }
    lock.release()
  })
})

test('another process is refused, and its death by kill -9 frees the store', async () => {
  await withStoreFolder(async folder => {
    const child = await holdElsewhere(folder)
    const error = await rejectionOf(openStore({ folder, owner: 'o' }), StoreError)
    assert.is(error.code, 'ERR_STORE_HELD')
    assert.match(error.message, `process ${child.pid} on `)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const opened = await openStore({ folder, owner: 'o' })
    opened.release()
  })
})

test('a store that is released can be opened by another process', async () => {
  await withStoreFolder(async folder => {
    const opened = await openStore({ folder, owner: 'o' })
    opened.release()
    const child = await holdElsewhere(folder)
    child.kill('SIGKILL')
    await eventually('the child has ended', () => child.exitCode !== null || child.signalCode !== null)
  })
})

test.run()
