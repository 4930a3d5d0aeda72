import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LaneError } from '#src/core/errors.js'
import { alive, runInOrder, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: a priority that changes')

test('what was taken back for a new priority is on its way again at once, though its loop is held', () => {
  const rig = new SenderRig(1)
  const thread = rig.join()
  rig.submit(['holder'])
  const sent = rig.submit(['sent'])
  rig.settle()
  const holder = thread.start()
  for (const priority of [1, 2, 3]) {
    assert.is(rig.lane.setPriority(sent.task, priority), true)
    rig.settle()
    assert.is(rig.stateOf(sent), 'SCHEDULED')
  }
  thread.finish(holder, 'done')
  rig.finish(thread)
  assert.equal(sent.outcomes, ['sent'])
})

test('what was sent stays where it is when its lane has failed, and ends with it', () => {
  const rig = new SenderRig(1)
  const thread = rig.join()
  const holder = rig.submit(['holder'])
  const sent = rig.submit(['sent'])
  rig.settle()
  thread.start()
  rig.lane.fail(new LaneError('ERR_LANE_FAILED', 'lane', 'too many'))
  assert.is(rig.lane.setPriority(sent.task, 9), false)
  rig.settle()
  assert.is(rig.stateOf(sent), 'SCHEDULED')
  rig.lane.crew.lost(thread.number, new LaneError('ERR_LANE_EXITED', 'lane', 'died'))
  assert.equal([rig.stateOf(holder), rig.stateOf(sent)], ['FAILED', 'FAILED'])
  assert.is(rig.sender.unfinished, 0)
})

test('setPriority in each state', () => {
  const rig = new SenderRig(1, { overload: 'wait', queueLimit: 4 })
  const set = ({ task }: Submitted, priority: number): boolean => rig.lane.setPriority(task, priority)
  const thread = rig.join()
  const finished = rig.submit(['finished'])
  rig.settle()
  // So long that the window does not grow.
  thread.runAll(10)
  rig.settle()
  const started = rig.submit(['started'], { key: 'k' })
  const sent = rig.submit(['sent'])
  rig.settle()
  const job = thread.start()
  const parked = rig.submit(['parked'], { key: 'k', priority: 1 })
  rig.settle()
  const delayed = rig.submit(['delayed'], { notBefore: rig.clock.now() + 10 })
  const queued = rig.submit(['queued'])
  rig.settle()
  const held = [rig.submit(['held 1']), rig.submit(['held 2'])] as const
  rig.settle()
  assert.equal(
    [finished, started, sent, parked, delayed, queued, ...held].map(one => rig.stateOf(one)),
    ['DONE', 'STARTED', 'SCHEDULED', 'SUBMITTED', 'SCHEDULED', 'SUBMITTED', 'NEW', 'NEW'],
  )
  assert.equal([set(finished, 9), set(started, 9)], [false, false])
  // The one that waits goes in the place of the one that was sent, which was made the last.
  assert.equal([set(queued, 2), set(parked, 3), set(delayed, 5), set(held[1], 1)], [true, true, true, true])
  rig.settle()
  assert.equal(alive(thread), ['queued'])
  assert.equal([set(sent, 4), set(sent, 4)], [true, true])
  rig.settle()
  assert.equal(alive(thread), ['sent'])
  assert.is(set(sent, 4), true, 'also if it has it, and is sent')
  rig.pass(10)
  thread.finish(job, 'started')
  assert.equal(runInOrder(rig, thread), ['delayed', 'sent', 'parked', 'queued', 'held 2', 'held 1'])
  rig.finish(thread)
})

test.run()
