import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LaneFeed } from '#daemon/jobs/lane-feed.js'
import type { Claim, ClaimedJob } from '#daemon/store/job-store.js'
import { drained, ManualDaemonClock } from '../../support/daemon/manual-daemon-clock.js'
import { claimedJob } from './plain-job.js'

const test = suite('lane feed')

/** A lane of two slots, before a store in which so many jobs wait. */
class FeedWorld {
  readonly clock = new ManualDaemonClock()
  readonly claims: number[] = []
  readonly troubles: unknown[] = []
  readonly taken: ClaimedJob[] = []
  readonly feed: LaneFeed
  waiting: number
  nextDueAt: number | null = null
  failing = false
  #gate: Promise<void> | null = null
  #open: () => void = () => {}

  constructor(waiting: number, slots = 2) {
    this.waiting = waiting
    this.feed = new LaneFeed({
      slots,
      ahead: 0,
      clock: this.clock,
      claim: limit => this.#claim(limit),
      onClaimed: jobs => this.taken.push(...jobs),
      onClaimFailed: error => this.troubles.push(error),
    })
  }

  /** Claims are answered only once it is opened again. */
  shut(): void {
    this.#gate = new Promise(resolve => {
      this.#open = resolve
    })
  }

  open(): void {
    this.#gate = null
    this.#open()
  }

  async started(cautious = false): Promise<this> {
    this.feed.start(cautious)
    await drained()
    return this
  }

  async #claim(limit: number): Promise<Claim> {
    this.claims.push(limit)
    await this.#gate
    if (this.failing) throw new Error('no store')
    const count = Math.min(limit, this.waiting)
    this.waiting -= count
    const jobs = Array.from({ length: count }, () => claimedJob())
    const later = this.nextDueAt !== null && this.nextDueAt > this.clock.now()
    return { jobs, more: this.waiting > 0, nextDueAt: later ? this.nextDueAt : null }
  }
}

test('claims nothing before it is started', async () => {
  const { feed, claims, clock } = new FeedWorld(5)
  feed.notify(clock.now())
  assert.is(feed.reserve(1), 0)
  await drained()
  assert.equal(claims, [])
})

test('claims what can run and a little more, and more when that is done', async () => {
  const { feed, claims, taken } = await new FeedWorld(10).started()
  assert.equal(claims, [4])
  assert.is(taken.length, 4)
  assert.is(feed.held, 4)
  feed.finished()
  await drained()
  assert.equal(claims, [4, 1])
  assert.is(feed.held, 4)
})

test('holds more of jobs that are short, and claims them in lots', async () => {
  const world = await new FeedWorld(100_000).started()
  const { feed, claims } = world
  for (let n = 0; n < 500; n++) {
    feed.finished(1)
    await drained()
    assert.ok(feed.held <= 2 + 100, `${feed.held} held`)
  }
  // 50 ms of work for two slots are a hundred jobs of a millisecond.
  const lots = claims.slice(3)
  assert.ok(
    lots.every(lot => lot >= 50),
    `lots of ${lots}`,
  )
})

test('never holds more than a thousand beyond what runs', async () => {
  const { feed } = await new FeedWorld(100_000).started()
  for (let n = 0; n < 3000; n++) {
    feed.finished(0)
    if (n % 100 === 0) await drained()
    assert.ok(feed.held <= 1002)
  }
})

test('goes back to few when jobs turn out long', async () => {
  const { feed, claims } = await new FeedWorld(100_000).started()
  feed.finished(1)
  await drained()
  for (let n = 0; n < 100; n++) feed.finished(10_000)
  await drained()
  const before = claims.length
  while (feed.held > 0) {
    feed.finished(10_000)
    await drained()
    if (claims.length > before) break
  }
  assert.ok(feed.held <= 4, `${feed.held} held`)
})

test('reserves only while nothing waits and no claim is under way', async () => {
  const world = new FeedWorld(0)
  assert.is(world.feed.reserve(1), 0)
  world.shut()
  world.feed.start(false)
  assert.is(world.feed.reserve(1), 0)
  world.open()
  await drained()
  assert.is(world.feed.reserve(3), 3)
  assert.is(world.feed.reserve(3), 1)
  assert.is(world.feed.reserve(3), 0)
  assert.is(world.feed.held, 4)
  world.waiting = 1
  world.feed.notify(world.clock.now())
  world.feed.finished()
  assert.is(world.feed.reserve(1), 0)
})

test('one that gets no room is claimed as soon as there is some', async () => {
  const world = await new FeedWorld(0).started()
  assert.is(world.feed.reserve(5), 4)
  world.waiting = 1
  world.feed.notify(world.clock.now())
  await drained()
  assert.is(world.taken.length, 0)
  assert.is(world.feed.busy, true)
  world.feed.finished()
  await drained()
  assert.is(world.taken.length, 1)
  assert.is(world.waiting, 0)
})

test('what is notified while a claim is under way is claimed after it', async () => {
  const world = new FeedWorld(0)
  world.shut()
  world.feed.start(false)
  world.feed.notify(world.clock.now())
  world.open()
  await drained()
  assert.equal(world.claims, [4, 4])
})

test('claims a job when it is due, and not at every step until then', async () => {
  const world = await new FeedWorld(0).started()
  world.feed.notify(world.clock.now() + 4000)
  await world.clock.runFor(3999)
  assert.is(world.claims.length, 1)
  await world.clock.runFor(1)
  assert.is(world.claims.length, 2)
})

test('an earlier job than the one it waits for moves its timer, a later one does not', async () => {
  const { feed, clock, claims } = await new FeedWorld(0).started()
  feed.notify(clock.now() + 3000)
  feed.notify(clock.now() + 4000)
  feed.notify(clock.now() + 1000)
  await clock.runFor(1000)
  assert.is(claims.length, 2)
  assert.is(clock.pending, 1)
})

test('wakes for the next due job that the store tells of', async () => {
  const world = new FeedWorld(0)
  world.nextDueAt = world.clock.now() + 700
  await world.started()
  await world.clock.runFor(699)
  assert.is(world.claims.length, 1)
  await world.clock.runFor(1)
  assert.is(world.claims.length, 2)
})

test('waits for a job due in a hundred days, though no timer is as long', async () => {
  const world = new FeedWorld(0)
  const { clock, feed } = world
  const dueAt = clock.now() + 100 * 86_400_000
  world.nextDueAt = dueAt
  await world.started()
  feed.notify(dueAt)
  await clock.runFor(20_000)
  // It is not found due before.
  assert.is(world.taken.length, 0)
  clock.jump(100 * 86_400_000)
  world.waiting = 1
  world.nextDueAt = null
  await clock.runFor(5000)
  assert.is(world.taken.length, 1)
})

test('notices within seconds that the date was set, forwards or back', async () => {
  for (const jump of [3_600_000, -3_600_000]) {
    const world = await new FeedWorld(0).started()
    const { clock, feed } = world
    feed.notify(clock.now() + 3_000_000)
    await drained()
    clock.jump(jump)
    world.waiting = 1
    await clock.runFor(5000)
    assert.is(world.taken.length, 1)
    feed.notify(clock.now() + 100)
    world.waiting = 1
    await clock.runFor(100)
    assert.is(world.taken.length, 2)
  }
})

test('notices what another owner has put into the store', async () => {
  const world = await new FeedWorld(0).started()
  world.waiting = 1
  await world.clock.runFor(5000)
  assert.is(world.taken.length, 1)
})

test('asks a store that fails ever less often, whoever calls, and recovers', async () => {
  const world = new FeedWorld(3)
  world.failing = true
  await world.started()
  const { clock, feed, claims, troubles } = world
  for (let n = 0; n < 300; n++) {
    feed.notify(clock.now())
    assert.is(feed.reserve(1), 0)
    await clock.runFor(100)
  }
  assert.ok(claims.length >= 8 && claims.length <= 12, `${claims.length} claims in 30 s`)
  assert.is(troubles.length, claims.length)
  world.failing = false
  await clock.runFor(5000)
  assert.is(world.taken.length, 3)
  world.failing = true
  for (let n = 0; n < 3; n++) feed.finished()
  feed.notify(clock.now())
  await drained()
  const before = claims.length
  await clock.runFor(100)
  assert.is(claims.length, before + 1)
})

test('started cautiously it claims no more than can start, while there is a backlog', async () => {
  const world = await new FeedWorld(5).started(true)
  assert.equal(world.claims, [2])
  world.feed.finished(1)
  await drained()
  assert.is(world.feed.held, 2)
  world.feed.finished(1)
  world.feed.finished(1)
  await drained()
  assert.is(world.waiting, 0)
  world.waiting = 50
  world.feed.notify(world.clock.now())
  await drained()
  assert.ok(world.feed.held > 2)
})

test('stopped it claims nothing more; what is being claimed comes before stop resolves', async () => {
  const world = new FeedWorld(10)
  world.shut()
  world.feed.start(false)
  let stopped = false
  const stop = world.feed.stop().then(() => {
    stopped = true
  })
  await drained()
  assert.is(stopped, false)
  world.open()
  await stop
  assert.is(world.taken.length, 4)
  world.feed.finished()
  world.feed.notify(world.clock.now())
  world.feed.notify(world.clock.now() + 10)
  assert.is(world.feed.reserve(1), 0)
  await world.clock.runFor(20_000)
  assert.equal(world.claims, [4])
  assert.is(world.clock.pending, 0)
})

test('stopped while it waits to try again, it does not', async () => {
  const world = new FeedWorld(1)
  world.failing = true
  await world.started()
  await world.feed.stop()
  assert.is(world.clock.pending, 0)
  const late = new FeedWorld(1)
  late.failing = true
  late.shut()
  late.feed.start(false)
  const stop = late.feed.stop()
  late.open()
  await stop
  assert.is(late.clock.pending, 0)
})

test.run()
