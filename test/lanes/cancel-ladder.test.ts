import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLOAT, TableView, TaskTable } from '#src/bridge/shared-table.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { CANCELED, SCHEDULED, STARTED } from '#src/core/task-state.js'
import { CancelLadder, type LadderThread } from '#src/lanes/cancel-ladder.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: the cancel ladder')

const SENDER = 1

/** A task that has started on a thread and was cancelled, and the ladder that is to see to its end. */
function setUp(grace: number) {
  const clock = new ManualClock()
  const view = new TableView()
  const table = new TaskTable((index, buffer) => view.attach(index, buffer))
  const id = table.take()
  table.setFloat(id, FLOAT.STARTED, clock.now())
  table.exchange(id, SCHEDULED, STARTED)
  table.exchange(id, STARTED, CANCELED)
  const ended: string[] = []
  const thread: LadderThread = {
    number: 1,
    block: new ThreadBlock(),
    names: ['it'],
    isGone: false,
    signsAsked: 0,
    tell: () => {},
    terminate: why => ended.push(why.message),
  }
  const ladder = new CancelLadder(clock, clock)
  ladder.climb({ lane: { name: 'lane', grace }, thread, sender: SENDER, id, table: view }, { value: 'why' })
  const end = (): void => table.setFloat(id, FLOAT.ENDED, clock.now())
  return { clock, thread, id, ended, end, ladder }
}

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
