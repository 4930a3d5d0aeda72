import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { type LaneOptions, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { priorityIn } from '#src/lanes/os-priority.js'
import { eventually } from '../support/eventually.js'
import { ownOsThreads } from '../support/os-threads.js'
import { reasonOf } from '../support/rejection.js'
import { skipUnless } from '../support/skip.js'
import type * as osThreads from './tasks/os-threads.js'

const test = suite('lanes: the operating system’s priority')

const isLinux = process.platform === 'linux'
const onLinux = skipUnless(isLinux, 'only Linux has niced threads')
const elsewhere = skipUnless(!isLinux, 'is for other systems than Linux')
const chrtWorks = isLinux && (await stateWith({ os: 'idle' }, ({ os }) => os === 'idle'))
const withIdle = skipUnless(chrtWorks, 'chrt cannot set SCHED_IDLE here')

interface Seen {
  readonly os: string | undefined
  readonly nice: number
  readonly policy: number
}

/** Starts a lane, and looks at it from the inside. */
async function stateWith<T>(options: LaneOptions, look: (seen: Seen) => T): Promise<T> {
  await using scheduler = await open({ lane: options })
  const { nice, policy } = await scheduler.lanes.lane.run('ownThread')
  const { lanes } = await scheduler.stats()
  return look({ os: lanes.lane?.os, nice, policy })
}

function open<L extends string>(
  lanes: Record<L, LaneOptions>,
): Promise<SchedulerThread<typeof osThreads, L>> {
  return SchedulerThread.start<typeof osThreads, L>({
    tasks: new URL('./tasks/os-threads.js', import.meta.url),
    lanes,
  })
}

/** As if the programs on the path were these alone. */
async function withPath<T>(path: string, action: () => Promise<T>): Promise<T> {
  const { PATH } = process.env
  process.env.PATH = path
  try {
    return await action()
  } finally {
    process.env.PATH = PATH
  }
}

/** With a command `chrt` that does something else. */
async function withChrt<T>(script: string, action: () => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'chrt-'))
  try {
    const path = join(folder, 'chrt')
    writeFileSync(path, `#!/bin/sh\n${script}\n`)
    chmodSync(path, 0o755)
    return await withPath(`${folder}${delimiter}${process.env.PATH}`, action)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const same = (seen: Seen): Seen => seen

onLinux(test)('a background lane is niced, another is not', async () => {
  assert.equal(await stateWith({ priority: 'background' }, same), { os: 'nice', nice: 19, policy: 0 })
  const { nice } = ownOsThreads()[0]!
  assert.equal(await stateWith({ priority: 'user-visible' }, same), { os: 'normal', nice, policy: 0 })
  assert.equal(await stateWith({ priority: 'user-blocking' }, same), { os: 'normal', nice, policy: 0 })
  assert.equal(await stateWith({ priority: 'background', os: 'normal' }, same), {
    os: 'normal',
    nice,
    policy: 0,
  })
  assert.equal(await stateWith({ priority: 'user-blocking', os: 'nice' }, same), {
    os: 'nice',
    nice: 19,
    policy: 0,
  })
})

withIdle(test)('os: idle gives every thread of the lane SCHED_IDLE, and no other', async () => {
  const before = ownOsThreads().filter(({ policy }) => policy === 5).length
  assert.is(before, 0)
  await using scheduler = await open({ deep: { os: 'idle', threads: 3 }, normal: {}, low: { os: 'nice' } })
  const idle = ownOsThreads().filter(({ policy }) => policy === 5)
  assert.equal(
    idle.map(({ name, nice }) => [name, nice]),
    Array.from({ length: 3 }, () => ['deep', 19]),
  )
  const { lanes } = await scheduler.stats()
  assert.equal([lanes.deep?.os, lanes.normal?.os, lanes.low?.os], ['idle', 'normal', 'nice'])
})

withIdle(test)('setup and child processes have it too, and so has a replacement', async () => {
  await using scheduler = await open({ lane: { os: 'idle', grace: 0 } })
  const { lane } = scheduler.lanes
  assert.is((await lane.run('threadAtSetup'))?.policy, 5)
  assert.equal(await lane.run('child'), [19, 5])
  await reasonOf(lane.run('exit'))
  assert.is((await lane.run('ownThread')).policy, 5)
  await eventually('a replacement', async () => (await scheduler.stats()).lanes.lane?.restarts === 1)
  assert.is((await scheduler.stats()).lanes.lane?.os, 'idle')
})

onLinux(test)('without chrt, os: idle falls back to nice, and stats() says so', async () => {
  const seen = await withPath(tmpdir(), () => stateWith({ os: 'idle' }, same))
  assert.equal(seen, { os: 'nice', nice: 19, policy: 0 })
})

onLinux(test)('so it does when chrt is refused, does nothing, or hangs', async () => {
  for (const script of ['echo not permitted >&2; exit 1', 'exit 0', 'kill -SEGV $$', 'exec sleep 60']) {
    const seen = await withChrt(script, () => stateWith({ os: 'idle' }, same))
    assert.equal(seen, { os: 'nice', nice: 19, policy: 0 }, script)
  }
})

onLinux(test)('a scheduler closes while chrt hangs', async () => {
  await withChrt('exec sleep 5', async () => {
    const scheduler = new SchedulerThread({
      tasks: new URL('./tasks/os-threads.js', import.meta.url),
      lanes: { lane: { os: 'idle' } },
    })
    const start = scheduler.start()
    start.catch(() => {})
    await eventually('the lane’s thread', () => ownOsThreads().some(({ name }) => name === 'lane'))
    await scheduler.close({ timeout: 0 })
    assert.instance(await reasonOf(start), Error)
  })
})

elsewhere(test)('elsewhere nothing is done, and stats() says so', async () => {
  await using scheduler = await open({ nice: { os: 'nice' }, idle: { os: 'idle' } })
  const { lanes } = await scheduler.stats()
  assert.equal([lanes.nice?.os, lanes.idle?.os], ['normal', 'normal'])
})

test('what /proc says of a thread is understood, whatever its name', () => {
  const stat = (name: string, nice: number, policy: number): string =>
    `7 (${name}) R 1 1 1 0 -1 4194304 9 0 0 0 7 1 1 0 20 ${nice} 11 0 2239947 915861504 11483 18446744073709551615 1 2 3 0 0 0 0 1 2 0 0 0 17 1 0 ${policy} 0 0 0 4 5 6 7 8 9 10 0\n`
  assert.is(priorityIn(stat('node', 0, 0)), 'normal')
  assert.is(priorityIn(stat('a) R (b', 19, 0)), 'nice')
  assert.is(priorityIn(stat(') 1 2 3', 19, 5)), 'idle')
  assert.is(priorityIn(stat('node', 10, 3)), 'normal')
  assert.is(priorityIn(''), 'normal')
})

test.run()
