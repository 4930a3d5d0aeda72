// @time-limit 120s
import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Lane } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { AcceptedJob } from '#daemon/store/job-store.js'
import { LostClaims } from '#daemon/store/lost-claims.js'
import { StoreError } from '#daemon/store/store-error.js'
import { newJob } from '../../support/daemon/new-job.js'
import { startStore, withStoreFolder } from '../../support/daemon/store-folder.js'
import { eventually } from '../../support/eventually.js'
import { reasonOf, rejectionOf } from '../../support/rejection.js'
import { skipUnless } from '../../support/skip.js'
import type * as held from './tasks/held-transaction.js'

const test = suite('a store in trouble')

const heldTransaction = new URL('./tasks/held-transaction.js', import.meta.url)

const SMALL_DISK = '8m'

function mountSmallDisk(folder: string): void {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK}`, 'tmpfs', folder], { stdio: 'pipe' })
}

function canMount(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  try {
    execFileSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}

const withSmallDisk = skipUnless(canMount(), 'needs root and the right to mount a tmpfs')

/** Accepts jobs until one is refused. @returns the confirmed ones, and why the refused one was */
async function acceptUntilRefused(
  accept: (group: readonly AcceptedJob[]) => Promise<unknown>,
): Promise<{ readonly confirmed: readonly string[]; readonly error: unknown }> {
  const confirmed: string[] = []
  for (;;) {
    const job = newJob({ input: JSON.stringify('x'.repeat(20_000)) })
    try {
      await accept([job])
    } catch (error) {
      return { confirmed, error }
    }
    confirmed.push(job.id)
  }
}

test('while its database is gone, or another is in its place, the store confirms nothing', async () => {
  await withStoreFolder(async folder => {
    const data = join(folder, 'data')
    const running = await startStore(data)
    const accept = () => running.store.accept([newJob()])
    const kept = join(folder, 'kept')
    try {
      await accept()
      renameSync(data, kept)
      const gone = await rejectionOf(accept(), StoreError)
      assert.is(gone.code, 'ERR_STORE_UNAVAILABLE')
      assert.match(gone.message, 'jobs.sqlite is gone')
      mkdirSync(data)
      copyFileSync(join(kept, 'jobs.sqlite'), join(data, 'jobs.sqlite'))
      assert.match((await rejectionOf(accept(), StoreError)).message, /another file has taken the place/)
      rmSync(data, { recursive: true })
      renameSync(kept, data)
      await accept()
    } finally {
      await running.close()
    }
  })
})

withSmallDisk(test)(
  'a full disk refuses jobs, loses none, and takes them again once there is room',
  async () => {
    await withStoreFolder(async folder => {
      mountSmallDisk(folder)
      try {
        const ballast = join(folder, 'ballast')
        writeFileSync(ballast, Buffer.alloc(3 * 1024 * 1024))
        const running = await startStore(folder)
        const { store } = running
        try {
          const { confirmed, error } = await acceptUntilRefused(group => store.accept(group))
          assert.instance(error, StoreError)
          assert.is((error as StoreError).code, 'ERR_STORE_UNAVAILABLE')
          assert.ok(confirmed.length > 20, `${confirmed.length} were confirmed`)
          for (let time = 0; time < 3; time++) await rejectionOf(store.accept([newJob()]), StoreError)
          assert.is((await rejectionOf(store.probe(), StoreError)).kind, 'unavailable')
          assert.is((await store.get(confirmed[0]!))?.state, 'waiting')

          rmSync(ballast)
          await store.probe()
          const late = newJob()
          await store.accept([late])
          const ids = [...confirmed, late.id]
          const kept = await store.list({ limit: 1000, order: 'oldest', now: 2000 })
          assert.equal(
            kept.jobs.map(job => job.id),
            ids,
          )
          assert.is((await store.claim('bulk', 1000, 2000)).jobs.length, ids.length)
        } finally {
          await running.close()
        }
      } finally {
        execFileSync('umount', ['-l', folder])
      }
    })
  },
)

test('one operation that breaks a rule fails alone', async () => {
  await withStoreFolder(async folder => {
    const { store, close } = await startStore(folder)
    try {
      const [first, last] = [newJob(), newJob()]
      const odd = newJob({ priority: 1.5 })
      const answers = await Promise.all([
        store.accept([first]),
        reasonOf(store.accept([newJob(), odd])),
        store.accept([last]),
      ])
      assert.instance(answers[1], TypeError)
      assert.match((answers[1] as TypeError).message, 'the store refused the accept')
      const { jobs } = await store.list({ limit: 10, order: 'oldest', now: 2000 })
      assert.equal(
        jobs.map(job => job.id),
        [first.id, last.id],
      )
    } finally {
      await close()
    }
  })
})

test('a thread that dies in the middle of a transaction leaves nothing of it, and is replaced', async () => {
  await withStoreFolder(async folder => {
    const { opened, store, writeLane, close } = await startStore(folder, 'owner', heldTransaction)
    try {
      const before = newJob()
      await store.accept([before])
      const group = Array.from({ length: 1000 }, () => newJob())
      const lane = writeLane as unknown as Lane<typeof held>
      // Its time-out ends the thread.
      const doomed = reasonOf(lane.run('holdTransaction', [opened.file, group], { timeout: 500 }))
      const meanwhile = store.accept([newJob()]).catch((error: unknown) => {
        assert.instance(error, StoreError)
      })
      assert.is(((await doomed) as { code: string }).code, 'ERR_TASK_TIMEOUT')
      await meanwhile
      const after = newJob()
      await eventually('a new thread keeps jobs', async () => {
        try {
          return (await store.accept([after])).kind === 'accepted'
        } catch (error) {
          assert.is((error as StoreError).code, 'ERR_STORE_UNAVAILABLE')
          return false
        }
      })
      assert.is((await store.get(before.id))?.state, 'waiting')
      assert.is((await store.get(after.id))?.state, 'waiting')
      assert.is(await store.get(group[0]!.id), undefined)
    } finally {
      await close()
    }
  })
})

test('what was claimed by a call whose answer was lost is given back', async () => {
  await withStoreFolder(async folder => {
    const { store, writeLane, close } = await startStore(folder)
    try {
      const [claimed, accepted] = [newJob(), newJob({ claimed: true })]
      await store.accept([claimed])
      const lost = new LostClaims()
      const operations = [
        { kind: 'accept', group: [accepted], key: null },
        { kind: 'claim', lane: 'bulk', limit: 5, now: 1000, number: 77 },
      ] as const
      await writeLane.run('commit', [operations])
      assert.is((await store.claim('bulk', 5, 1000)).jobs.length, 0)
      lost.add(operations)
      await writeLane.run('commit', [[lost.take()!]])
      assert.is(lost.take(), undefined)
      assert.equal(
        (await store.claim('bulk', 5, 1000)).jobs.map(job => job.id),
        [claimed.id, accepted.id],
      )
    } finally {
      await close()
    }
  })
})

test('a store whose lanes are gone is unavailable', async () => {
  await withStoreFolder(async folder => {
    const { store, abandon } = await startStore(folder)
    await store.accept([newJob()])
    await abandon()
    const calls = [store.accept([newJob()]), store.probe(), store.get('x'), store.counts(1)]
    for (const error of await Promise.all(calls.map(call => rejectionOf(call, StoreError)))) {
      assert.is(error.code, 'ERR_STORE_UNAVAILABLE')
    }
  })
})

test('a closed store is unavailable, and what was asked for before it closed is kept', async () => {
  await withStoreFolder(async folder => {
    const running = await startStore(folder)
    const job = newJob()
    const accepted = running.store.accept([job])
    await Promise.all([running.store.close(), running.store.close()])
    assert.is((await accepted).kind, 'accepted')
    assert.is((await rejectionOf(running.store.accept([newJob()]), StoreError)).kind, 'unavailable')
    assert.is((await rejectionOf(running.store.get(job.id), StoreError)).kind, 'unavailable')
    await running.close()
    const again = await startStore(folder)
    assert.is((await again.store.get(job.id))?.id, job.id)
    await again.close()
  })
})

test('reads go on while a group is on its way to the disk', async () => {
  await withStoreFolder(async folder => {
    const { store, close } = await startStore(folder)
    try {
      const first = newJob()
      await store.accept([first])
      let writing = true
      const group = Array.from({ length: 20_000 }, () => newJob())
      const big = store.accept(group).then(() => {
        writing = false
      })
      let readsMeanwhile = 0
      await eventually('the group is kept', async () => {
        assert.is((await store.get(first.id))?.id, first.id)
        if (writing) readsMeanwhile++
        return !writing
      })
      await big
      assert.ok(readsMeanwhile > 0)
    } finally {
      await close()
    }
  })
})

test.run()
