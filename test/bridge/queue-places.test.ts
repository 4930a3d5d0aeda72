import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { TaskTable } from '#src/bridge/shared-table.js'
import { CANCELED, STARTED } from '#src/core/task-state.js'

const test = suite('bridge: the places of a queue')

const LIMIT = 4

/** A lane to which the thread that made it submits, and one that can be lost. */
function newQueue() {
  const lane = QueuePlaces.memory()
  const owner = new QueuePlaces(lane, null, 0)
  return { owner, other: new QueuePlaces(lane, QueuePlaces.ownMemory(1), 0) }
}

/** The ways in which a place is given back by whoever has a task end. */
const ENDINGS: Readonly<Record<string, (places: QueuePlaces) => void>> = {
  'a task that was not sent ends': places => places.giveBack(),
  'a task that was sent ends': places => {
    const table = new TaskTable(() => {})
    assert.is(places.leave(table, table.take(), CANCELED), true)
  },
  'a task that was sent starts': places => {
    const table = new TaskTable(() => {})
    assert.is(places.leave(table, table.take(), STARTED), true)
  },
}

for (const [what, end] of Object.entries(ENDINGS)) {
  test(`${what}, its submitter is gone, and nobody else’s place is given back for it`, () => {
    const { owner, other } = newQueue()
    owner.take(LIMIT)
    other.take(LIMIT)
    other.clear()
    assert.is(owner.taken, 1)
    end(other)
    assert.is(owner.taken, 1)
  })

  test(`a submitter that was given up and lives has each place once: ${what}`, () => {
    const { owner, other } = newQueue()
    other.take(LIMIT)
    other.clear()
    end(other)
    other.take(LIMIT)
    assert.is(owner.taken, 1)
    end(other)
    assert.is(owner.taken, 0)
    let taken = 0
    while (owner.take(LIMIT)) taken++
    assert.is(taken, LIMIT)
  })
}

test('a submitter goes just as another thread finds that it had none left: no place is lost', () => {
  const lane = QueuePlaces.memory()
  const own = QueuePlaces.ownMemory(1)
  const places = new QueuePlaces(lane, own, 0)
  Atomics.store(new Int32Array(own), 0, -1)
  places.clear()
  assert.is(places.taken, 0)
})

test.run()
