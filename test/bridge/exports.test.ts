import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TasksBequeathed } from '#src/bridge/protocol/sender-to-supervisor.js'
import { DONE } from '#src/core/task-state.js'
import { LANE, runInOrder, SenderRig } from './sender-rig.js'

const test = suite('bridge: tasks whose handles other threads have')

const HOLDER = 7

test('a task that was urgently waited for goes back to its place, also if its handle is given back before that is told', () => {
  const rig = new SenderRig()
  const { exports } = rig.sender
  const thread = rig.join()
  for (const name of ['one', 'two']) rig.submit([name])
  const { task } = rig.submit(['three'])
  rig.submit(['four'])
  exports.lend(task, HOLDER)
  const inherits = (priority: number): void =>
    rig.tell({ type: 'inherit', tasks: [{ sequence: task.sequence, lane: LANE, priority }] })
  inherits(5)
  rig.settle()
  assert.is(task.priority, 5)
  rig.tell({ type: 'held', sequence: task.sequence, holder: HOLDER, change: -1 })
  inherits(0)
  rig.settle()
  assert.equal([exports.size, task.priority], [0, 0])
  assert.equal(runInOrder(rig, thread), ['one', 'two', 'three', 'four'])
})

/** A task whose handle another thread has, and the thread that has started it and will keep what becomes of it. */
function newLent() {
  const rig = new SenderRig()
  const thread = rig.join()
  const { task } = rig.submit(['value'])
  rig.sender.exports.lend(task, HOLDER)
  rig.settle()
  const job = thread.start()
  const giveBack = (): void => {
    rig.tell({ type: 'held', sequence: task.sequence, holder: HOLDER, change: -1 })
    rig.settle()
  }
  return { rig, thread, job, giveBack }
}

test('a thread keeps what became of a task until the last handle is given back', () => {
  const { rig, thread, job, giveBack } = newLent()
  thread.finish(job, 'value')
  rig.settle()
  assert.is(thread.outcomes.size, 1)
  giveBack()
  assert.is(thread.outcomes.size, 0)
})

test('a thread keeps nothing of a task whose last handle is given back while it runs', () => {
  const { rig, thread, job, giveBack } = newLent()
  assert.is(thread.outcomes.size, 1)
  giveBack()
  assert.is(thread.outcomes.size, 0)
  thread.finish(job, 'value')
  rig.settle()
  assert.is(thread.outcomes.size, 0)
})

/** A task that was done before its submitter left. @param before what that is told just before */
async function newLeft(before: (rig: SenderRig) => void = () => {}) {
  const { rig, thread, job } = newLent()
  thread.finish(job, 'value')
  rig.settle()
  before(rig)
  const bequeathed = rig.sender.exports.bequeath()
  rig.tell({ type: 'all-forwarded' })
  rig.settle()
  await bequeathed
  const message = rig.told.find(({ type }) => type === 'bequeathed') as TasksBequeathed
  return { rig, thread, left: message.tasks[0]! }
}

test('who has handles of a submitter that has left is no concern of its any more, while it is still there', async () => {
  const { rig, thread, left } = await newLeft()
  assert.equal([left.thread, left.outcome, left.holders], [1, null, [[HOLDER, 1]]])
  // Who had it has given it on, and ended.
  rig.tell({ type: 'holder-gone', holder: HOLDER })
  rig.settle()
  assert.is(thread.outcomes.size, 1)
})

test('a value of a thread that is to go is left along with who has kept it, should it stay', async () => {
  const { left } = await newLeft(rig => {
    rig.tell({ type: 'thread-leaving', lane: LANE, thread: 1 })
    rig.settle()
  })
  assert.is(left.thread, 1)
  assert.equal([left.outcome?.state, left.outcome?.value], [DONE, 'value'])
})

test.run()
