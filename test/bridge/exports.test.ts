import { suite } from 'uvu'
import * as assert from 'uvu/assert'
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

test.run()
