import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { takeHome } from '#src/bridge/homes.js'
import { TaskTable } from '#src/bridge/shared-table.js'
import { LaneError } from '#src/core/errors.js'
import { DONE } from '#src/core/task-state.js'
import { LANE, type RigThread, SenderRig, waitingAt } from './sender-rig.js'

const test = suite('bridge: the threads of a lane as a sender knows them')

type Notice = 'thread-leaving' | 'thread-staying' | 'thread-exited'

/** Tells the sender of a thread, and returns the answers to that. */
function notify(rig: SenderRig, { number }: RigThread, ...notices: readonly Notice[]): string[] {
  const before = rig.told.length
  for (const type of notices) rig.tell({ type, lane: LANE, thread: number })
  rig.settle()
  return answers(rig, before)
}

function answers({ told }: SenderRig, from = 0): string[] {
  return told.slice(from).flatMap(({ type }) => (type === 'released' || type === 'stayed' ? type : []))
}

function lost(rig: SenderRig, { number }: RigThread): void {
  const error = encodeError(new LaneError('ERR_LANE_EXITED', LANE, 'it died'))
  rig.tell({ type: 'thread-lost', lane: LANE, thread: number, error })
  rig.settle()
}

/** A thread that runs a task. */
function busy() {
  const rig = new SenderRig(1, { threads: { min: 1, max: 2 } })
  const thread = rig.join()
  const runs = rig.submit(['runs'])
  rig.settle()
  return { rig, thread, runs, job: thread.start() }
}

test('used, to go, used: it says so once, gets what it is sent as before, and what it runs is answered', () => {
  const { rig, thread, runs, job } = busy()
  assert.equal(notify(rig, thread, 'thread-leaving'), [])
  rig.submit(['waits'])
  rig.settle()
  assert.equal(waitingAt(thread), ['runs'], 'nothing is sent to one that is to go')
  assert.equal(notify(rig, thread, 'thread-staying'), ['stayed'])
  assert.equal(waitingAt(thread), ['runs', 'waits'], 'at once, though nothing else happens')
  thread.finish(job, 'done')
  rig.finish(thread)
  assert.equal([runs.outcomes, answers(rig)], [['done'], ['stayed']])
})

test('one that was asked for a value is let go of when it has told that', () => {
  const rig = new SenderRig(1, { threads: { min: 1, max: 2 } })
  const thread = rig.join()
  const theirs = new TaskTable(() => {})
  const home = takeHome(theirs, 8, 1)
  const name = { owner: 5, sequence: 8 }
  const { imports } = rig.sender
  imports.watch(
    imports.take({
      ...name,
      lane: LANE,
      name: 'quote',
      submitted: 1,
      home,
      segment: theirs.segmentOf(home),
      attempt: 1,
      outcome: null,
    }),
  )
  thread.outcomes.ended(name, { state: DONE, value: 'value', started: 1, ended: 2 })
  rig.tell({ type: 'done', ...name, thread: thread.number })
  rig.tell({ type: 'thread-leaving', lane: LANE, thread: thread.number })
  rig.settle()
  assert.equal(answers(rig), ['released'])
  assert.not(
    rig.told.some(({ type }) => type === 'fetch'),
    'it has told it',
  )
})

test('what was taken back from it goes to it again', () => {
  const { rig, thread, job } = busy()
  const sent = rig.submit(['sent'])
  rig.settle()
  assert.equal(waitingAt(thread), ['runs', 'sent'])
  notify(rig, thread, 'thread-leaving')
  assert.is(rig.stateOf(sent), 'SUBMITTED')
  notify(rig, thread, 'thread-staying')
  assert.is(rig.stateOf(sent), 'SCHEDULED')
  thread.finish(job, 'done')
  rig.finish(thread)
  assert.equal(sent.outcomes, ['sent'])
})

test('used, to go, unknown: released with the last answer; that it stays is answered by that, and it joins anew', () => {
  const { rig, thread, job } = busy()
  let isClosed = false
  thread.port.listen(
    message => thread.inlet.receive(message),
    () => {
      isClosed = true
    },
  )
  notify(rig, thread, 'thread-leaving')
  thread.finish(job, 'done')
  rig.settle()
  assert.equal(answers(rig), ['released'])
  rig.submit(['waits'])
  assert.equal(notify(rig, thread, 'thread-staying'), [], 'the release is the answer')
  const anew = rig.join(thread.number)
  assert.equal([waitingAt(thread), waitingAt(anew)], [[], ['waits']])
  rig.finish(anew)
  assert.is(isClosed, true, 'the connection that it had')
  assert.equal(answers(rig), ['released'])
})

test('the last answer and the word that it stays, in either order', () => {
  for (const answersFirst of [true, false]) {
    const { rig, thread, runs, job } = busy()
    notify(rig, thread, 'thread-leaving')
    if (answersFirst) thread.finish(job, 'done')
    if (answersFirst) rig.settle()
    notify(rig, thread, 'thread-staying')
    if (!answersFirst) thread.finish(job, 'done')
    rig.settle()
    assert.equal(answers(rig), [answersFirst ? 'released' : 'stayed'])
    const used = answersFirst ? rig.join(thread.number) : thread
    const next = rig.submit(['next'])
    rig.finish(used)
    assert.equal([runs.outcomes, next.outcomes], [['done'], ['next']])
  }
})

test('to go, used, to go: it is released once for all', () => {
  const { rig, thread, job } = busy()
  assert.equal(notify(rig, thread, 'thread-leaving', 'thread-staying', 'thread-leaving'), ['stayed'])
  thread.finish(job, 'done')
  rig.settle()
  assert.equal(answers(rig), ['stayed', 'released'])
})

test('each word that an unknown one is to go is answered, and none that it stays', () => {
  const rig = new SenderRig(1, { threads: { min: 1, max: 2 } })
  const idle = rig.join()
  assert.equal(notify(rig, idle, 'thread-leaving', 'thread-staying', 'thread-leaving', 'thread-staying'), [
    'released',
    'released',
  ])
  const anew = rig.join(idle.number)
  const task = rig.submit(['task'])
  rig.finish(anew)
  assert.equal(task.outcomes, ['task'])
})

test('joined anew, it may be to go once more, with what it has since', () => {
  const rig = new SenderRig(1, { threads: { min: 1, max: 2 } })
  const idle = rig.join()
  notify(rig, idle, 'thread-leaving', 'thread-staying')
  const anew = rig.join(idle.number)
  const task = rig.submit(['task'])
  rig.settle()
  const job = anew.start()
  assert.equal(notify(rig, anew, 'thread-leaving'), [])
  anew.finish(job, 'done')
  rig.settle()
  assert.equal([task.outcomes, answers(rig)], [['done'], ['released', 'released']])
})

test('one that is lost while it is to go is unknown: that it was to stay is not answered, nor is its loss', () => {
  const { rig, thread, runs } = busy()
  notify(rig, thread, 'thread-leaving')
  lost(rig, thread)
  assert.equal([rig.stateOf(runs), rig.slotsInUse], ['FAILED', 1], 'its slot is kept')
  assert.equal(notify(rig, thread, 'thread-staying'), [])
  notify(rig, thread, 'thread-exited')
  assert.is(rig.slotsInUse, 0)
})

test('one that stays and is lost then is lost as any other', () => {
  const { rig, thread, runs } = busy()
  const sent = rig.submit(['sent'])
  rig.settle()
  notify(rig, thread, 'thread-leaving', 'thread-staying')
  assert.is(rig.stateOf(sent), 'SCHEDULED')
  lost(rig, thread)
  notify(rig, thread, 'thread-exited')
  const other = rig.join()
  rig.finish(other)
  assert.equal([rig.stateOf(runs), sent.outcomes], ['FAILED', ['sent']])
})

test.run()
