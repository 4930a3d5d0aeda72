import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLOAT, INT, TableView, TaskTable } from '#src/bridge/shared-table.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { LaneError } from '#src/core/errors.js'
import { CANCELED, SCHEDULED, STARTED } from '#src/core/task-state.js'
import { CancelLadder, type LadderThread } from '#src/lanes/cancel-ladder.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: the cancel ladder')

const SENDER = 1
const THREAD = 7

/** The table of a sender with a task that has started on the thread. */
function newTable(clock: ManualClock, call = 0) {
  const view = new TableView()
  const table = new TaskTable((index, buffer) => view.attach(index, buffer))
  const id = table.take()
  table.setInt(id, INT.THREAD, THREAD)
  table.setInt(id, INT.CALL, call)
  table.setFloat(id, FLOAT.STARTED, clock.now())
  table.exchange(id, SCHEDULED, STARTED)
  return { view, table, id }
}

/**
 * A task that has started on a thread and was cancelled, and the ladder that is to see to its end.
 *
 * @param asked how many signs of life the thread has been asked for before
 */
function setUp(grace: number, asked = 0) {
  const clock = new ManualClock()
  clock.runFor(1)
  const { view, table, id } = newTable(clock)
  table.exchange(id, STARTED, CANCELED)
  const tables = new Map([[SENDER, view]])
  const ended: Error[] = []
  const thread: LadderThread = {
    number: THREAD,
    block: new ThreadBlock(),
    names: ['it', 'culprit'],
    isGone: false,
    signsAsked: asked,
    tell: () => {},
    askForSign: () => ++thread.signsAsked,
    terminate: why => ended.push(why),
  }
  const ladder = new CancelLadder(tables, clock, clock)
  ladder.climb({ lane: { name: 'lane', grace }, thread, sender: SENDER, id, table: view }, { value: 'why' })
  const end = (): void => table.setFloat(id, FLOAT.ENDED, clock.now())
  return { clock, thread, id, ended, end, ladder, tables }
}

test('in a silent loop all that may hold it are named, whoever has submitted them', () => {
  for (const isGone of [false, true]) {
    const { clock, ended, tables } = setUp(200)
    tables.set(2, newTable(clock, 1).view)
    // What it has submitted is ended as well.
    if (isGone) tables.delete(SENDER)
    clock.runFor(1_000)
    assert.equal(
      ended.map(error => error instanceof LaneError && [...(error.holders ?? [])].sort()),
      [['culprit', 'it']],
    )
  }
})

test('a task that holds the loop has its grace, however long, and then costs its thread', () => {
  for (const grace of [0, 200, 3_600_000]) {
    const { clock, thread, id, ended } = setUp(grace)
    thread.block.hold(SENDER, id)
    clock.runFor(Math.max(grace, 50) - 1)
    assert.equal(ended, [])
    clock.runFor(1)
    assert.is(ended.length, 1, `${grace}`)
    assert.is(clock.pending, 0)
  }
})

test('a loop that comes to one abort after another is not silent, however many there are before', () => {
  const { clock, thread, ended } = setUp(20, 50)
  for (let given = 0; given < 40; given++) {
    thread.block.giveSign()
    clock.runFor(100)
  }
  assert.is(ended.length, 0)
  clock.runFor(1_000)
  assert.is(ended.length, 1)
})

test('a task that holds the loop after the thread has seen its abort, and before it is given up, costs its thread', () => {
  const { clock, thread, ended } = setUp(200)
  thread.block.giveSign()
  clock.runFor(199)
  assert.equal(ended, [])
  clock.runFor(1_000)
  assert.is(ended.length, 1)
  assert.is(clock.pending, 0)
})

test('one that ignores its abort is watched until the thread has given it up, or it has ended', () => {
  for (const over of ['abandoned', 'ended']) {
    const { clock, thread, id, ended, end, ladder } = setUp(200)
    for (let turns = 0; turns < 50; turns++) {
      while (thread.block.signs < thread.signsAsked) thread.block.giveSign()
      clock.runFor(50)
    }
    assert.equal(ended, [])
    assert.ok(thread.signsAsked < 20, `it was asked for ${thread.signsAsked} signs`)
    if (over === 'ended') end()
    else ladder.abandoned(SENDER, id)
    clock.runFor(5_000)
    assert.equal([clock.pending, ended], [0, []], over)
  }
})

test('of many that may hold it a message names a few, and each once', () => {
  const { clock, thread, ended, tables } = setUp(20)
  const names = Array.from({ length: 100 }, (_, i) => `task${i}`)
  Object.assign(thread, { names })
  for (let i = 0; i < 200; i++) tables.set(i + 2, newTable(clock, i % 100).view)
  clock.runFor(1_000)
  const [error] = ended as LaneError[]
  assert.equal([...new Set(error!.holders)].sort(), [...names].sort())
  assert.match(error!.message, /because task 'task\d+'( or 'task\d+'){4} or another held its loop$/)
})

test('a task that has ended is not watched for the whole of a long grace', () => {
  const { clock, ended, end } = setUp(3_600_000)
  end()
  clock.runFor(10_000)
  assert.equal([clock.pending, ended], [0, []])
})

test('when it is stopped it watches nothing', () => {
  const { clock, ladder } = setUp(200)
  ladder.stop()
  assert.is(clock.pending, 0)
})

test.run()
