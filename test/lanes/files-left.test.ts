import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AsyncScheduler, SchedulerThread, SyncTask } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { skipUnless } from '../support/skip.js'

const test = suite('lanes: files left open')
const withOpenFiles = skipUnless(existsSync('/proc/self/fd'), 'needs /proc')

/** So many that it takes a while to read them all. */
const FILES = 40
const ROUNDS = 5

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'multilane-files-')))
const tasks = join(folder, 'tasks.mjs')

test.before(() => {
  const names = Array.from({ length: FILES }, (_, i) => `./part-${i}.mjs`)
  for (const name of names) writeFileSync(join(folder, name), 'export {}\n')
  const imports = names.map(name => `import '${name}'\n`)
  writeFileSync(tasks, `${imports.join('')}export const echo = value => value\n`)
})

/** What a test before has left is no fault of this one. */
let openBefore = 0

test.before.each(() => {
  openBefore = openFiles()
})

test.after(() => rmSync(folder, { recursive: true }))

/** How many files of the task module are open in this process, in whichever of its threads. */
function openFiles(): number {
  const targets = readdirSync('/proc/self/fd').map(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      // It has been closed meanwhile: the one that lists them, at least.
      return ''
    }
  })
  return targets.filter(target => target.startsWith(folder)).length
}

/** Waits until a file of the task module is seen open, or it has all been read. */
async function beingRead(read: Promise<unknown>): Promise<void> {
  let isOver = false
  const over = (): void => {
    isOver = true
  }
  read.then(over, over)
  while (!isOver && openFiles() <= openBefore) await sleep(1)
}

async function expectNoneLeft(): Promise<void> {
  // A port or a thread of the last round may still be on its way out.
  await eventually('all files are closed', () => openFiles() <= openBefore)
}

withOpenFiles(test)('no file of a task module, when lanes are closed while they read it', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const scheduler = new SchedulerThread({ tasks, lanes: { a: {}, b: { threads: { min: 1, max: 2 } } } })
    const starting = Promise.allSettled([scheduler.start()])
    await beingRead(starting)
    await scheduler.close({ timeout: round % 2 === 0 ? 0 : 5_000 })
    await starting
  }
  await expectNoneLeft()
})

withOpenFiles(test)('no file of it, when a lane cannot start while others read it', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const failing = new URL('data:text/javascript,await new Promise(r => setTimeout(r, 5)); throw 1')
    const scheduler = new SchedulerThread({ tasks, lanes: { a: {}, b: { tasks: failing } } })
    const [{ status }] = await Promise.allSettled([scheduler.start()])
    assert.is(status, 'rejected')
    await scheduler.close()
  }
  await expectNoneLeft()
})

withOpenFiles(test)(
  'no file of it, when a blocking function is cancelled while its module is read',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const scheduler = await AsyncScheduler.start({ grace: 0, concurrency: 2 })
      const running = [1, 2].map(value => scheduler.submitTask(new SyncTask(tasks, 'echo', [value])))
      const ends = Promise.allSettled(running.map(task => task.result()))
      await beingRead(ends)
      for (const task of running) task.cancel('not needed')
      await ends
      // Long enough for what is left of the grace.
      await sleep(5)
      await scheduler.close()
    }
    await expectNoneLeft()
  },
)

withOpenFiles(test)('no file of it, when a loop that reads it with its pool is closed', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const scheduler = await AsyncScheduler.start({ grace: 0 })
    const task = scheduler.submitTask(new SyncTask(tasks, 'echo', [1]))
    const end = Promise.allSettled([task.result()])
    await beingRead(end)
    await scheduler.close({ timeout: 0 })
    await end
  }
  await expectNoneLeft()
})

test.run()
