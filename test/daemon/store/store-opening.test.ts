// @time-limit 120s
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { openStore } from '#daemon/store/open-store.js'
import { SCHEMA_VERSION } from '#daemon/store/sql/schema.js'
import { sqlDriver } from '#daemon/store/sql/sql-driver.js'
import { StoreError } from '#daemon/store/store-error.js'
import { flipByte, walFrames } from '../../support/daemon/damage.js'
import { newJob } from '../../support/daemon/new-job.js'
import { type RunningStore, startStore, withStoreFolder } from '../../support/daemon/store-folder.js'
import { rejectionOf } from '../../support/rejection.js'

const test = suite('opening the store')

/** A store that went down with so many jobs in its log, each in a transaction of its own. */
async function crashedStore(folder: string, count: number): Promise<readonly string[]> {
  const crashed = join(folder, 'live')
  const running = await startStore(crashed)
  const ids: string[] = []
  try {
    for (let index = 0; index < count; index++) {
      const job = newJob()
      await running.store.accept([job])
      ids.push(job.id)
    }
    // What a crash leaves are the files as they are now: an orderly end would empty the log.
    for (const name of ['jobs.sqlite', 'jobs.sqlite-wal'])
      copyFileSync(join(crashed, name), join(folder, name))
  } finally {
    await running.close()
  }
  return ids
}

async function keptIn(folder: string): Promise<readonly string[]> {
  return await inStore(folder, async ({ store }) => {
    const page = await store.list({ limit: 1000, order: 'oldest', now: 2000 })
    return page.jobs.map(job => job.id)
  })
}

async function inStore<R>(folder: string, use: (running: RunningStore) => Promise<R>): Promise<R> {
  const running = await startStore(folder)
  try {
    return await use(running)
  } finally {
    await running.close()
  }
}

function wal(folder: string): string {
  return join(folder, 'jobs.sqlite-wal')
}

async function refusal(folder: string): Promise<StoreError> {
  const error = await rejectionOf(openStore({ folder, owner: 'owner' }), StoreError)
  // What refuses to start has let go of the lock again.
  assert.is(existsSync(join(folder, 'lock.json')), false)
  return error
}

test('an orderly end leaves an empty log, and everything in the database', async () => {
  await withStoreFolder(async folder => {
    const job = newJob({ input: '"kept"' })
    await inStore(folder, ({ store }) => store.accept([job]))
    assert.ok(!existsSync(wal(folder)) || statSync(wal(folder)).size === 0)
    assert.equal(await keptIn(folder), [job.id])
  })
})

test('what a crash leaves in the log is there again', async () => {
  await withStoreFolder(async folder => {
    const ids = await crashedStore(folder, 5)
    assert.equal(await keptIn(folder), ids)
  })
})

for (const [what, damage] of [
  ['emptied', (file: string) => truncateSync(file)],
  ['gone', (file: string) => rmSync(file)],
] as const) {
  test(`a log whose database is ${what} keeps the store from being opened, and is left as it is`, async () => {
    await withStoreFolder(async folder => {
      await crashedStore(folder, 5)
      const { size } = statSync(wal(folder))
      damage(join(folder, 'jobs.sqlite'))
      const { kind, message } = await refusal(folder)
      assert.is(kind, 'damaged')
      assert.match(
        message,
        /jobs\.sqlite: it is empty or gone, and the log of its last transactions has \d+ bytes/,
      )
      assert.is(statSync(wal(folder)).size, size)
      // As the message says.
      rmSync(wal(folder))
      assert.equal(await keptIn(folder), [])
    })
  })
}

test('a log cut off anywhere in its last transaction loses that one only', async () => {
  await withStoreFolder(async folder => {
    const ids = await crashedStore(folder, 4)
    const frames = walFrames(wal(folder))
    const beforeLast = frames.filter(frame => frame.commits).at(-2)!
    const whole = statSync(wal(folder)).size
    for (const size of [whole - 1, whole - 5000, beforeLast.end + 10, beforeLast.end]) {
      const copy = join(folder, `cut-${size}`)
      mkdirSync(copy)
      for (const name of ['jobs.sqlite', 'jobs.sqlite-wal'])
        copyFileSync(join(folder, name), join(copy, name))
      truncateSync(wal(copy), size)
      assert.equal(await keptIn(copy), ids.slice(0, 3))
    }
  })
})

test('a frame missing from the last transaction loses that one only', async () => {
  await withStoreFolder(async folder => {
    const ids = await crashedStore(folder, 4)
    const frames = walFrames(wal(folder))
    const beforeLast = frames.findLastIndex((frame, index) => frame.commits && index < frames.length - 1)
    flipByte(wal(folder), frames[beforeLast + 1]!.start + 100)
    assert.equal(await keptIn(folder), ids.slice(0, 3))
  })
})

test('damage in the middle of the log is refused, and told where', async () => {
  await withStoreFolder(async folder => {
    await crashedStore(folder, 4)
    const frames = walFrames(wal(folder))
    const number = frames.findIndex(frame => frame.commits) + 2
    const { start } = frames[number - 1]!
    // In the salts, in the checksum, in the page.
    for (const offset of [8, 20, 24, 2000]) {
      flipByte(wal(folder), start + offset)
      const error = await refusal(folder)
      assert.is(error.code, 'ERR_STORE_DAMAGED')
      assert.match(error.message, wal(folder))
      assert.match(error.message, `frame ${number}, at byte ${start},`)
      flipByte(wal(folder), start + offset)
    }
    assert.is((await keptIn(folder)).length, 4)
  })
})

test('a damaged header of a log with transactions is refused; one alone is passed over', async () => {
  await withStoreFolder(async folder => {
    await crashedStore(folder, 2)
    flipByte(wal(folder), 17)
    const error = await refusal(folder)
    assert.is(error.code, 'ERR_STORE_DAMAGED')
    assert.match(error.message, 'its header, at byte 0')
    truncateSync(wal(folder), 32)
    await keptIn(folder)
  })
})

test('frames that an earlier generation of the log left behind are passed over', async () => {
  await withStoreFolder(async folder => {
    const live = join(folder, 'live')
    const running = await startStore(live)
    const ids: string[] = []
    const accept = async (size: number): Promise<void> => {
      const group = Array.from({ length: size }, () => newJob())
      await running.store.accept(group)
      ids.push(...group.map(job => job.id))
    }
    try {
      for (let round = 0; round < 3; round++) await accept(50)
      const database = sqlDriver().open(join(live, 'jobs.sqlite'), 1000)
      database.prepare('PRAGMA wal_checkpoint(RESTART)').all()
      database.close()
      await accept(1)
      for (const name of ['jobs.sqlite', 'jobs.sqlite-wal'])
        copyFileSync(join(live, name), join(folder, name))
    } finally {
      await running.close()
    }
    const salts = new Set(walFrames(wal(folder)).map(frame => frame.salts))
    assert.is(salts.size, 2)
    assert.equal(await keptIn(folder), ids)
  })
})

test('a damaged page of the database is refused, and told which file', async () => {
  await withStoreFolder(async folder => {
    await inStore(folder, ({ store }) => store.accept(Array.from({ length: 500 }, () => newJob())))
    const file = join(folder, 'jobs.sqlite')
    // The first bytes of a page tell what kind it is.
    flipByte(file, 4096 * 20)
    const error = await refusal(folder)
    assert.is(error.code, 'ERR_STORE_DAMAGED')
    assert.match(error.message, file)
  })
})

test('a database cut off, or that is none, is refused', async () => {
  await withStoreFolder(async folder => {
    await inStore(folder, ({ store }) => store.accept(Array.from({ length: 500 }, () => newJob())))
    const file = join(folder, 'jobs.sqlite')
    truncateSync(file, 4096 * 15)
    assert.is((await refusal(folder)).code, 'ERR_STORE_DAMAGED')
    writeFileSync(file, 'what is this? '.repeat(1000))
    const error = await refusal(folder)
    assert.is(error.code, 'ERR_STORE_DAMAGED')
    assert.match(error.message, file)
  })
})

test('a store of a newer schema is refused, and left as it is', async () => {
  await withStoreFolder(async folder => {
    await inStore(folder, async () => {})
    const database = sqlDriver().open(join(folder, 'jobs.sqlite'), 1000)
    database.exec('PRAGMA user_version = 77')
    database.close()
    const error = await refusal(folder)
    assert.is(error.code, 'ERR_STORE_DAMAGED')
    assert.match(error.message, 'version 77')
    assert.match(error.message, `versions up to ${SCHEMA_VERSION}`)
  })
})

test('a folder that cannot be made is told of', async () => {
  await withStoreFolder(async folder => {
    writeFileSync(join(folder, 'file'), '')
    const error = await rejectionOf(
      openStore({ folder: join(folder, 'file', 'data'), owner: 'o' }),
      StoreError,
    )
    assert.is(error.code, 'ERR_STORE_UNAVAILABLE')
  })
})

if (process.platform === 'linux')
  test('a folder that cannot be made where nothing can is told of as well', async () => {
    const error = await rejectionOf(openStore({ folder: '/proc/multilaned/data', owner: 'o' }), StoreError)
    assert.is(error.code, 'ERR_STORE_UNAVAILABLE')
    assert.match(error.message, '/proc/multilaned')
  })

test('a store lies in one folder, made if need be', async () => {
  await withStoreFolder(async folder => {
    const inner = join(folder, 'a', 'b')
    await inStore(inner, async () => {
      assert.equal(
        readdirSync(inner).filter(name => !/^(jobs\.sqlite(-wal|-shm)?|lock\.(sqlite|json))$/.test(name)),
        [],
      )
    })
  })
})

test.run()
