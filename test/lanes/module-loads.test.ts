import { setTimeout as sleep } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ModuleLoads } from '#src/lanes/module-loads.js'

const test = suite('lanes: module loads')

const FOREVER = new Promise<never>(() => {})

/** Both sides of the same memory: that of the threads, and that of whoever ends them. */
function bothSides(places: number): { readonly threads: ModuleLoads; readonly owner: ModuleLoads } {
  const owner = new ModuleLoads(places)
  return { threads: new ModuleLoads(owner.buffer), owner }
}

/** Whether it is over at once; if not, `later` resolves when it is. */
function look(
  owner: ModuleLoads,
  ...threads: number[]
): { readonly now: boolean; readonly later: Promise<void> } {
  let now = false
  const later = new Promise<void>(resolve => {
    owner.whenOver(
      () => threads,
      () => {
        now = true
        resolve()
      },
    )
  })
  return { now, later }
}

test('a thread that loads nothing is not waited for', () => {
  const { threads, owner } = bothSides(2)
  threads.note(7, FOREVER)
  assert.ok(look(owner).now)
  assert.ok(look(owner, 8).now)
  assert.not(look(owner, 8, 7).now)
})

test('one that loads is waited for until it has, whether it can or not', async () => {
  const { threads, owner } = bothSides(4)
  for (const settle of [true, false]) {
    let loaded = false
    const loading = sleep(20).then(() => {
      loaded = true
      if (!settle) throw new Error('it cannot be loaded')
    })
    threads.note(7, loading)
    const { now, later } = look(owner, 7)
    assert.not(now)
    await later
    assert.ok(loaded)
    assert.ok(look(owner, 7).now)
  }
})

test('each of several loads of one thread counts', async () => {
  const { threads, owner } = bothSides(4)
  threads.note(7, Promise.resolve())
  threads.note(7, FOREVER)
  await sleep(1)
  assert.not(look(owner, 7).now)
})

test('one that never ends is waited for in vain, but not for ever', async () => {
  const { threads, owner } = bothSides(1)
  threads.note(7, FOREVER)
  const { now, later } = look(owner, 7)
  assert.not(now)
  await later
})

test('a thread that has exited loads nothing, and its place is free', () => {
  const { threads, owner } = bothSides(1)
  threads.note(7, FOREVER)
  owner.forget(7)
  assert.ok(look(owner, 7).now)
  threads.note(8, FOREVER)
  assert.not(look(owner, 8).now)
})

test('where there is no place left, nobody waits', () => {
  const { threads, owner } = bothSides(1)
  threads.note(7, FOREVER)
  threads.note(8, FOREVER)
  assert.ok(look(owner, 8).now)
  owner.forget(8)
  assert.not(look(owner, 7).now)
})

test.run()
