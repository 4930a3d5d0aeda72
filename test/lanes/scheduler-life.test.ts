import { ClosedError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { SchedulerConnection } from '#src/lanes/scheduler-connection.js'
import { SchedulerLife } from '#src/lanes/scheduler-life.js'
import { ManualClock } from '../support/manual-clock.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'

const test = suite('lanes: the life of a scheduler')

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Lanes that start at once, have no task, and go when their time is over. */
class Connection {
  readonly closes: number[] = []
  readonly sender = {
    undisturbed: (call: () => void) => call(),
    idle: () => Promise.resolve(),
    *[Symbol.iterator]() {},
  }
  readonly #clock: ManualClock
  readonly #ends: (() => void)[] = []

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  async started(): Promise<void> {}

  close(within: number): Promise<void> {
    this.closes.push(within)
    this.#clock.after(within, () => {
      for (const end of this.#ends.splice(0)) end()
    })
    return new Promise(resolve => this.#ends.push(resolve))
  }
}

class Rig {
  readonly clock = new ManualClock()
  readonly connections: Connection[] = []
  isRefused = false
  readonly life: SchedulerLife<string, SchedulerConnection>

  constructor() {
    const connect = (): SchedulerConnection => {
      if (this.isRefused) throw new RangeError('no thread')
      const connection = new Connection(this.clock)
      this.connections.push(connection)
      return connection as unknown as SchedulerConnection
    }
    this.life = new SchedulerLife('owner', 10, { connect, ended: () => {} }, this.clock)
  }

  get closes(): readonly number[] {
    return this.connections.at(-1)!.closes
  }
}

test('close() shortens a stop() under way, and has only what that has left', async () => {
  const { life, clock, ...rig } = await started()
  void life.stop(5_000)
  await turn()
  clock.advance(1_000)
  let isClosed = false
  void life.close(100).then(() => {
    isClosed = true
  })
  await turn()
  assert.equal(rig.made.closes, [5_000, 100])
  clock.runFor(100)
  await turn()
  assert.equal(rig.made.closes, [5_000, 100, 0])
  clock.runFor(0)
  await turn()
  assert.ok(isClosed)
})

test('close() shortens a stop() of the same turn', async () => {
  const { life, clock, ...rig } = await started()
  const stopped = life.stop(5_000)
  const closed = life.close(100)
  await turn()
  assert.equal(rig.made.closes, [100])
  clock.runFor(100)
  await stopped
  await turn()
  clock.runFor(0)
  await closed
})

test('a longer close() waits no longer than the stop() under way', async () => {
  const { life, clock, ...rig } = await started()
  const stopped = life.stop(100)
  await turn()
  const closed = life.close(5_000)
  clock.runFor(100)
  await stopped
  await turn()
  assert.equal(rig.made.closes, [100, 5_000, 4_900])
  clock.runFor(5_000)
  await closed
})

test('a start that cannot connect is over, and the next one begins anew', async () => {
  const rig = new Rig()
  const { life } = rig
  rig.isRefused = true
  const failed = life.start()
  assert.is(life.connection, null)
  await rejectionOf(failed, RangeError)
  await rejectionOf(life.start(), RangeError)
  rig.isRefused = false
  const starting = life.start()
  assert.is(life.start(), starting)
  assert.is(await starting, 'owner')
  assert.is(life.connection, rig.connections[0])
})

test('of a start that cannot connect nobody has the connection of before', async () => {
  const { made, life, clock } = await started()
  const stopped = life.stop(100)
  const again = life.start()
  made.isRefused = true
  await turn()
  clock.runFor(100)
  await stopped
  await rejectionOf(again, RangeError)
  assert.is(life.connection, null)
  assert.match(thrownBy(() => life.present, ClosedError).message, 'the scheduler is stopped')
  made.isRefused = false
  assert.is(await life.start(), 'owner')
  assert.is(life.connection, made.connections[1])
})

async function started() {
  const made = new Rig()
  assert.is(await made.life.start(), 'owner')
  return { made, life: made.life, clock: made.clock }
}

test.run()
