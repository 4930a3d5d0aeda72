import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { RecordKeeper } from '#daemon/jobs/record-keeper.js'
import { StoreError } from '#daemon/store/store-error.js'
import { drained, ManualDaemonClock } from '../../support/daemon/manual-daemon-clock.js'
import { rejectionOf } from '../../support/rejection.js'

const test = suite('record keeper')

function world(failures: number) {
  const clock = new ManualDaemonClock(0)
  const troubles: unknown[] = []
  const writes: number[] = []
  const keeper = new RecordKeeper(clock, error => troubles.push(error))
  const write = async () => {
    writes.push(clock.now())
    if (writes.length <= failures) throw new StoreError('unavailable', `failure ${writes.length}`)
  }
  return { clock, troubles, writes, keeper, write }
}

test('writes once where that works', async () => {
  const { keeper, write, writes, troubles, clock } = world(0)
  assert.is(await keeper.record(write), true)
  assert.equal(writes, [0])
  assert.equal(troubles, [])
  assert.is(clock.pending, 0)
})

test('writes again, ever less often, until it works, and tells of each failure', async () => {
  const { keeper, write, writes, troubles, clock } = world(9)
  const recorded = keeper.record(write)
  await clock.runFor(60_000)
  assert.is(await recorded, true)
  assert.equal(writes, [0, 100, 300, 700, 1500, 3100, 6300, 11_300, 16_300, 21_300])
  assert.is(troubles.length, 9)
  assert.is(clock.pending, 0)
})

test('is settled when everything is recorded, also what came meanwhile', async () => {
  const { keeper, write, clock } = world(2)
  let settled = false
  keeper.record(write)
  const whole = keeper.settled().then(() => {
    settled = true
  })
  const late = world(1)
  keeper.record(late.write)
  await clock.runFor(150)
  assert.is(settled, false)
  await clock.runFor(5000)
  await whole
  await keeper.settled()
})

test('abandoned, it gives up at once what waits, what is under way, and what comes', async () => {
  const { keeper, write, clock } = world(Number.POSITIVE_INFINITY)
  const waiting = keeper.record(write)
  await drained()
  let fail: (error: Error) => void = () => {}
  const underWay = keeper.record(
    () =>
      new Promise((_, reject) => {
        fail = reject
      }),
  )
  keeper.abandon()
  fail(new StoreError('unavailable', 'too late'))
  assert.is(await waiting, false)
  assert.is(await underWay, false)
  assert.is(await keeper.record(write), false)
  await keeper.settled()
  assert.is(clock.pending, 0)
})

test('what would never work is not tried again', async () => {
  const { keeper, troubles, clock } = world(0)
  const refused = keeper.record(async () => {
    throw new TypeError('not such a text')
  })
  await rejectionOf(refused, TypeError)
  await keeper.settled()
  assert.equal([troubles.length, clock.pending], [0, 0])
})

test.run()
