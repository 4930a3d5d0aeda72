import { MessageChannel } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '#src/bridge/failure.js'
import { NotCloneableError, UnknownTaskError } from '#src/core/errors.js'
import { DONE, FAILED, SCHEDULED, SUBMITTED } from '#src/core/task-state.js'
import { type RigThread, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: tasks going out')

function throws(): never {
  throw new TypeError('from an accessor')
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

/** Has the thread run all there is; returns how many tasks came at once, at most. */
function runToTheEnd(rig: SenderRig, thread: RigThread): number {
  let most = 0
  rig.settle()
  for (let ran = thread.runAll(0.001); ran > 0; ran = thread.runAll(0.001)) {
    most = Math.max(most, ran)
    rig.settle()
  }
  return most
}

function errorOf({ outcomes }: Submitted): unknown {
  assert.is(outcomes.length, 1)
  return (outcomes[0] as Failure).error()
}

test('nothing leaves before the turn ends, then all of it in one message', () => {
  const rig = new SenderRig(8)
  const thread = rig.join()
  const { bell } = thread.block
  const tasks = [rig.submit([1]), rig.submit([2, 3])]
  assert.equal([thread.block.bell, tasks[0]?.task.state], [bell, SUBMITTED])
  rig.settle()
  assert.equal([thread.block.bell, tasks[0]?.task.state], [bell + 1, SCHEDULED])
  assert.equal(
    thread.jobs.map(job => job.args),
    [[1], [2, 3]],
  )
})

for (const [what, path, value] of [
  ['a function', 'args[1]', () => {}],
  ['a function inside', 'args[1].on.done', { on: { done: () => {} } }],
  [
    'an accessor that throws',
    'args[1].row',
    Object.defineProperty({}, 'row', { get: throws, enumerable: true }),
  ],
  ['a revoked proxy, as libraries leave behind', 'args[1].draft', { draft: revoked() }],
] as const) {
  test(`of 1,000 tasks, the one whose argument cannot be cloned fails alone: ${what}`, () => {
    const rig = new SenderRig(64)
    const thread = rig.join()
    const tasks = Array.from({ length: 1000 }, (_, i) => rig.submit([i, i === 400 ? value : { i }]))
    const most = runToTheEnd(rig, thread)
    assert.ok(most > 100, `at most ${most} went together, so this shows nothing`)
    tasks.forEach(({ task, outcomes }, i) => {
      assert.is(task.state, i === 400 ? FAILED : DONE)
      if (i !== 400) assert.equal(outcomes, [i])
    })
    const error = errorOf(tasks[400]!)
    assert.instance(error, NotCloneableError)
    assert.is((error as NotCloneableError).path, path)
    assert.instance((error as NotCloneableError).cause, Error)
    assert.equal([rig.slotsInUse, rig.strays, thread.inlet.strays], [0, 0, 0])
  })
}

test('many culprits in one batch each fail alone', () => {
  const rig = new SenderRig(64)
  const thread = rig.join()
  const tasks = Array.from({ length: 500 }, (_, i) => rig.submit([i % 3 === 0 ? Symbol('x') : i]))
  runToTheEnd(rig, thread)
  tasks.forEach(({ task }, i) => {
    assert.is(task.state, i % 3 === 0 ? FAILED : DONE)
  })
  assert.equal([rig.slotsInUse, rig.sender.unfinished], [0, 0])
})

test('with something handed over, the error still names what cannot be cloned', () => {
  const rig = new SenderRig()
  rig.join()
  const { port1, port2 } = new MessageChannel()
  const one = rig.submit([{ port: port1 }, { call: () => {} }], { transfer: [port1] })
  rig.settle()
  assert.is((errorOf(one) as NotCloneableError).path, 'args[1].call')
  port2.close()
})

test('a name that the lane does not have fails its task alone, with the names there are', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const [wrong, right] = [rig.submit([1], {}, 'qoute'), rig.submit([2])]
  runToTheEnd(rig, thread)
  const error = errorOf(wrong)
  assert.instance(error, UnknownTaskError)
  assert.equal((error as UnknownTaskError).names, ['other', 'quote'])
  assert.equal(right.outcomes, [2])
})

test('a name submitted before any thread was ready is looked up when one is', () => {
  const rig = new SenderRig()
  const [wrong, right] = [rig.submit([1], {}, 'qoute'), rig.submit([2], {}, 'other')]
  rig.settle()
  assert.equal([wrong.task.state, right.task.state], [SUBMITTED, SUBMITTED])
  const thread = rig.join()
  assert.equal(
    thread.jobs.map(job => job.index),
    [0],
  )
  assert.instance(errorOf(wrong), UnknownTaskError)
})

test('greater priority leaves first, and no more leaves than there is credit for', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const plain = Array.from({ length: 10 }, (_, i) => rig.submit([`plain ${i}`]))
  const urgent = rig.submit(['urgent'], { priority: 5 })
  rig.settle()
  assert.equal(
    thread.jobs.map(job => job.args[0]),
    ['urgent', 'plain 0'],
  )
  runToTheEnd(rig, thread)
  assert.ok([...plain, urgent].every(({ task }) => task.state === DONE))
})

test('two threads share what there is', () => {
  const rig = new SenderRig(8)
  const threads = [rig.join(), rig.join()]
  for (let i = 0; i < 4; i++) rig.submit([i])
  rig.settle()
  assert.equal(
    threads.map(thread => thread.jobs.length),
    [2, 2],
  )
})

test('what is handed over goes only where it can start at once, and alone', () => {
  const rig = new SenderRig()
  const busy = rig.join()
  const first = rig.submit(['first'])
  rig.settle()
  const buffer = new ArrayBuffer(8)
  const handed = rig.submit([buffer], { transfer: [buffer] })
  rig.settle()
  assert.equal([handed.task.state, buffer.byteLength], [SUBMITTED, 8])
  busy.runAll()
  rig.settle()
  assert.equal([first.outcomes, buffer.byteLength, busy.jobs.length], [['first'], 0, 1])
})

test.run()
