import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { TaskTable } from '#src/bridge/shared-table.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { STARTED } from '#src/core/task-state.js'
import { type LaneConfig, type LaneSetup, setUpLanes } from '#src/lanes/lane-config.js'
import { LaneQueues } from '#src/lanes/lane-queues.js'

const test = suite('lanes: what the supervisor sees of queues')

const THREAD = 1

/** A lane whose thread has taken tasks of the thread that made the scheduler from its queue. */
function newLane(
  queueLimit: number,
  threads = { min: 1, max: 1, idleTimeout: 0 },
  told: (sender: QueuePlaces) => void = () => {},
) {
  const [lane] = setUpLanes([{ name: 'lane', queueLimit, threads } as LaneConfig]) as [LaneSetup]
  const block = new ThreadBlock()
  const rooms: string[] = []
  const sender = new QueuePlaces(lane.queue, null, 0)
  const queues = new LaneQueues([lane], name => {
    rooms.push(name)
    told(sender)
  })
  queues.joined(THREAD, QueuePlaces.ownMemory(1), lane, block)
  const thread = new QueuePlaces(lane.queue, null, 0, block.owed, lane.mostOwed)
  const table = new TaskTable(() => {})
  const start = (count: number): void => {
    for (let i = 0; i < count; i++) {
      sender.take(queueLimit)
      thread.leave(table, table.take(), STARTED)
    }
  }
  return { queues, sender, thread, start, rooms }
}

test('a thread owes no more than a sixteenth of the queue', () => {
  for (const [limit, most] of [
    [1, 0],
    [15, 0],
    [32, 1],
    [160, 9],
    [100_000, 63],
    [Number.POSITIVE_INFINITY, 63],
  ] as const) {
    const { sender, start } = newLane(limit)
    let seen = 0
    for (let i = 0; i < 200; i++) {
      start(1)
      seen = Math.max(seen, sender.taken)
    }
    assert.is(seen, most, `of ${limit}`)
  }
})

test('nor do all threads together', () => {
  const { sender, start } = newLane(1_600, { min: 10, max: 10, idleTimeout: 0 })
  start(9)
  assert.is(sender.taken, 9)
  start(1)
  assert.is(sender.taken, 0)
})

test('who waits for room is told when the thread has ended that was to tell of it', () => {
  const { queues, sender, thread, rooms } = newLane(1)
  sender.take(1)
  sender.want()
  sender.giveBack()
  assert.ok(thread.heed())
  queues.exited(THREAD)
  assert.equal(rooms, ['lane'])
})

test('and is not told again if it had told', () => {
  const { queues, sender, thread, rooms } = newLane(1)
  sender.take(1)
  sender.want()
  sender.giveBack()
  assert.ok(thread.heed())
  queues.roomIn('lane')
  queues.exited(THREAD)
  assert.equal(rooms, ['lane'])
})

test('what a thread owed when it ended is given back, and who waits for room is told', () => {
  const { queues, sender, start, rooms } = newLane(1_000)
  start(5)
  assert.is(sender.taken, 5)
  sender.want()
  queues.exited(THREAD)
  assert.is(sender.taken, 0)
  assert.equal(rooms, ['lane'])
})

test('who looks at once when a thread has ended, and finds no room yet, is told again when what it owed is given back', () => {
  let entered = 0
  const { queues, sender, start, rooms } = newLane(1_000, undefined, waiting => {
    if (waiting.take(1_000)) entered++
    else waiting.want()
  })
  start(5)
  while (sender.take(1_000)) {}
  sender.want()
  queues.exited(THREAD)
  assert.equal([entered, sender.taken], [1, 996], `told of ${rooms.join()}`)
})

test('a thread that has given back what it owed owes nothing when it ends', () => {
  const { queues, sender, thread, start } = newLane(1_000)
  start(5)
  thread.settle()
  sender.take(1_000)
  queues.exited(THREAD)
  assert.is(sender.taken, 1)
})

test.run()
