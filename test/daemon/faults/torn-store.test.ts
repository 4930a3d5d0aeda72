// @time-limit 120s
import { copyFile, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  FRAME_HEADER_BYTES,
  readFrameHeader,
  readWalHeader,
  WAL_HEADER_BYTES,
} from '#daemon/store/wal-format.js'
import { startDaemon, withDaemon } from '../../support/daemon/daemon-process.js'
import { rejectionOf } from '../../support/rejection.js'
import { faultConfig, shownJob, submit, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: a torn or damaged store')

const JOBS = 40
const MUCH = 'x'.repeat(2000)

interface DeadStore {
  readonly folder: string
  readonly config: string
  readonly database: string
  readonly log: string
  /** In the order in which they were acknowledged, each in a transaction of its own. */
  readonly ids: readonly string[]
}

/** What kill -9 leaves of a daemon that has acknowledged jobs, and changed nothing else since. */
async function withDeadStore(check: (dead: DeadStore) => Promise<void>): Promise<void> {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder)
    const ids: string[] = []
    await withDaemon({ folder, config }, async daemon => {
      for (let job = 0; job < JOBS; job++) {
        ids.push(await submit(daemon, 'quick', { delay: 3_600_000, input: MUCH }))
      }
      await daemon.end('SIGKILL')
    })
    const database = join(folder, 'data/jobs.sqlite')
    await check({ folder, config, database, log: `${database}-wal`, ids })
  })
}

async function overwrite(file: string, at: number, bytes: Buffer): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.write(bytes, 0, bytes.length, at)
  } finally {
    await handle.close()
  }
}

/** Where the frames of the log begin that end a transaction, and how long a frame is. */
async function commitsOf(
  log: string,
): Promise<{ readonly commits: readonly number[]; readonly frame: number }> {
  const bytes = await readFile(log)
  const header = readWalHeader(bytes)
  assert.ok(header, 'the log has a header')
  const frame = FRAME_HEADER_BYTES + header.pageSize
  const commits: number[] = []
  for (let at = WAL_HEADER_BYTES; at + frame <= bytes.length; at += frame) {
    const { commits: isCommit, salts } = readFrameHeader(bytes.subarray(at, at + frame))
    if (isCommit && salts.join() === header.salts.join()) commits.push(at)
  }
  return { commits, frame }
}

test('a log whose end is torn off: the daemon starts, with every job that was acknowledged before', async () => {
  await withDeadStore(async ({ folder, config, log, ids }) => {
    const { commits, frame } = await commitsOf(log)
    assert.ok(commits.length >= JOBS)
    await truncate(log, commits.at(-1)! + Math.floor(frame / 2))
    await withDaemon({ folder, config }, async daemon => {
      for (const id of ids.slice(0, -1)) assert.is((await shownJob(daemon, id)).state, 'scheduled')
      await submit(daemon, 'quick')
    })
  })
})

test('damage in the middle: it does not start, says where, and changes nothing', async () => {
  await withDeadStore(async ({ folder, config, database, log, ids }) => {
    const { commits } = await commitsOf(log)
    await copyFile(log, `${log}.good`)
    const at = commits[Math.floor(commits.length / 2)]! + FRAME_HEADER_BYTES + 100
    await overwrite(log, at, Buffer.from('damage'))
    const damaged = await readFile(log)
    const ofLog = await rejectionOf(startDaemon({ folder, config }), Error)
    assert.match(ofLog.message, /ended by 1 before it listened/)
    assert.ok(ofLog.message.includes(log), ofLog.message)
    assert.match(ofLog.message, /frame \d+, at byte \d+, is damaged/)
    assert.ok((await readFile(log)).equals(damaged), 'the log is as it was')

    await copyFile(`${log}.good`, log)
    await rm(`${log}.good`)
    await withDaemon({ folder, config }, async daemon => {
      assert.is((await shownJob(daemon, ids.at(-1)!)).state, 'scheduled')
      await daemon.end('SIGTERM')
    })

    const { size } = await stat(database)
    assert.is((await stat(log).catch(() => ({ size: 0 }))).size, 0)
    await overwrite(database, Math.floor(size / 2 / 4096) * 4096, Buffer.alloc(8192, 0xa5))
    const ofDatabase = await rejectionOf(startDaemon({ folder, config }), Error)
    assert.match(ofDatabase.message, /ended by 1 before it listened/)
    assert.ok(ofDatabase.message.includes(database), ofDatabase.message)
    assert.match(ofDatabase.message, /the database is damaged: .*page \d+/is)
  })
})

test('a file that is no database is not taken for one', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder)
    await withDaemon({ folder, config }, daemon => daemon.end('SIGTERM'))
    const file = join(folder, 'data/jobs.sqlite')
    await writeFile(file, 'this is no database, '.repeat(1000))
    const { message } = await rejectionOf(startDaemon({ folder, config }), Error)
    assert.match(message, /ended by 1 before it listened/)
    assert.ok(message.includes(file), message)
    assert.match(await readFile(file, 'utf8'), /^this is no database/)
  })
})

test.run()
