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

test.run()
