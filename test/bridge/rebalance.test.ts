import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { alive, type RigThread, SenderRig, waitingAt } from './sender-rig.js'

const test = suite('bridge: tasks that wait behind a held loop')

test('a free thread takes over what waits behind a held loop, half of it at a time', () => {
  const rig = new SenderRig(1)
  const held = rig.join()
  // Short tasks first, so that the window grows.
  for (let i = 0; i < 400; i++) rig.submit([i])
  rig.finish(held)
  rig.submit(['holder'])
  const others = Array.from({ length: 40 }, (_, i) => rig.submit([i]))
  rig.settle()
  const job = held.start()
  assert.is(held.jobs.length, 41)
  const free = rig.join()
  rig.pass(0.5)
  assert.is(free.jobs.length, 0, 'not before it has stood still for a while')
  rig.pass(1)
  const first = free.jobs.length
  assert.ok(first > 0 && first <= 20, `${first} at once`)
  for (let round = 0; round < 20; round++) {
    free.runAll(0.001)
    rig.settle()
    rig.pass(1)
  }
  for (const { outcomes } of others.slice(1)) assert.is(outcomes.length, 1, 'while the loop is held')
  held.finish(job, 'holder')
  rig.finish(held, free)
})

test('it does so also when it is free only later, and by the tasks of others', () => {
  const rig = new SenderRig(1)
  const held = rig.join()
  rig.submit(['holder'])
  const behind = rig.submit(['behind'])
  rig.settle()
  const job = held.start()
  const other = rig.join()
  other.block.hold(7, 1)
  rig.pass(1.5)
  rig.pass(1.5)
  assert.equal(waitingAt(other), [], 'its loop is held by a task of another submitter')
  other.block.release()
  rig.pass(20)
  assert.equal(waitingAt(other), ['behind'])
  other.runAll(1)
  rig.settle()
  assert.is(behind.outcomes.length, 1)
  held.finish(job, 'holder')
  rig.finish(held, other)
})

test('a thread whose only task waits for others is free', () => {
  const rig = new SenderRig(1)
  const [held, other] = [rig.join(), rig.join()]
  rig.submit(['holder'])
  rig.submit(['waits'])
  rig.settle()
  const job = held.start()
  const waits = other.start()
  const behind = rig.submit(['behind'])
  rig.settle()
  assert.ok(waitingAt(held).includes('behind'))
  other.block.release()
  other.block.waiting = 1
  rig.pass(20)
  assert.ok(waitingAt(other).includes('behind'), 'it has moved')
  other.finish(waits, 'waits')
  other.runAll(1)
  rig.settle()
  assert.is(behind.outcomes.length, 1)
  held.finish(job, 'holder')
  rig.finish(held, other)
})

test('a task is not thrown back and forth between threads that seem free, and are held, while another is free', () => {
  const rig = new SenderRig(1)
  const [one, two, other] = [rig.join(), rig.join(), rig.join()]
  for (const thread of [one, two, other]) rig.submit([thread.number])
  rig.settle()
  // Their loops are held by what their tasks do after an `await`.
  const jobs = [one, two].map(thread => {
    const job = thread.start()
    thread.block.release()
    thread.block.waiting = 1
    return job
  })
  const holder = other.start()
  const behind = rig.submit(['behind'])
  rig.settle()
  for (let round = 0; round < 5; round++) rig.pass(20)
  other.finish(holder, 0)
  rig.settle()
  rig.pass(20)
  assert.ok(alive(other).includes('behind'), 'it has come to the one that is free')
  assert.ok(one.jobs.length + two.jobs.length <= 4, 'each of the others had it but once')
  other.runAll(1)
  rig.settle()
  assert.is(behind.outcomes.length, 1)
  for (const [i, thread] of [one, two].entries()) thread.finish(jobs[i]!, 0)
  rig.finish(one, two, other)
})

test('nothing moves while the tasks of both threads move by themselves', () => {
  const rig = new SenderRig(1)
  const [one, other] = [rig.join(), rig.join()]
  const ran = new Map<unknown, RigThread>()
  let recalled = 0
  for (let i = 0; i < 60; i++) rig.submit([i])
  rig.settle()
  for (let round = 0; round < 300; round++) {
    // One of them is slower, and both answer in time.
    for (const thread of round % 3 === 0 ? [one, other] : [one]) {
      const job = thread.jobs[0]
      if (job === undefined) continue
      if (thread.inlet.table.state(job.id) !== 2) recalled++
      ran.set(job.args[0], thread)
      thread.finish(thread.start(job), job.args[0])
    }
    rig.settle()
    rig.pass(0.3)
  }
  assert.equal([ran.size, recalled], [60, 0])
  rig.finish(one, other)
})

test('a thread without room is given nothing, however free it looks', () => {
  const rig = new SenderRig(1)
  const donor = rig.join()
  for (let i = 0; i < 3000; i++) rig.submit([i])
  rig.finish(donor)
  const bulk = Array.from({ length: 256 }, (_, i) => rig.submit([i], { priority: 1000 }))
  rig.settle()
  assert.is(donor.jobs.length, 256)
  const holder = donor.start()
  const taker = rig.join()
  const blocking = rig.submit(['blocking'])
  const last = rig.submit(['last'])
  rig.settle()
  const job = taker.start()
  const urgent = Array.from({ length: 10 }, (_, i) => {
    const one = rig.submit([i], { priority: i + 1 })
    rig.settle()
    return one
  })
  assert.is(alive(taker).length, 1, 'each has overtaken the one before')
  rig.lane.setPriority(urgent[9]!.task, 0)
  rig.settle()
  for (const one of [last, ...urgent]) assert.is(rig.cancel(one), true)
  rig.clock.advance(5)
  taker.finish(job, 'blocking')
  rig.settle()
  rig.pass(1)
  rig.pass(1)
  assert.equal(alive(taker), [], 'it has yet to acknowledge ten slots')
  donor.finish(holder, 0)
  rig.finish(donor, taker)
  for (const { outcomes } of [blocking, ...bulk]) assert.is(outcomes.length, 1)
})

/** One that is in a synchronous wait, though the task that it began last awaits something, and one that is held. */
function blockedAndHeld() {
  const rig = new SenderRig(1)
  const [blocked, held] = [rig.join(), rig.join()]
  for (const thread of [blocked, held]) rig.submit([thread.number])
  rig.settle()
  const jobs = [blocked.start(), held.start()] as const
  blocked.block.release()
  blocked.block.waiting = 1
  blocked.block.isBlocked = true
  return { rig, blocked, held, jobs }
}

test('what hands something over is not sent to a thread that waits synchronously, but when that is over', () => {
  const { rig, blocked, held, jobs } = blockedAndHeld()
  const buffer = new ArrayBuffer(8)
  const handed = rig.submit([buffer], { transfer: [buffer] })
  rig.settle()
  rig.pass(20)
  assert.is(rig.stateOf(handed), 'SUBMITTED')
  blocked.block.isBlocked = false
  blocked.inlet.reportRoom()
  rig.settle()
  assert.is(rig.stateOf(handed), 'SCHEDULED')
  assert.is(blocked.jobs.length, 2)
  held.finish(jobs[1], 0)
  blocked.finish(jobs[0], 0)
  rig.finish(blocked, held)
  assert.is(handed.outcomes.length, 1)
})

test('a task goes to a thread that waits synchronously only if all do', () => {
  const { rig, blocked, held, jobs } = blockedAndHeld()
  rig.submit(['first'])
  rig.settle()
  assert.equal([alive(blocked), alive(held)], [[], ['first']])
  held.block.isBlocked = true
  rig.submit(['second'])
  rig.settle()
  assert.equal([alive(blocked), alive(held)], [['second'], ['first']])
  for (const thread of [blocked, held]) thread.block.isBlocked = false
  blocked.finish(jobs[0], 0)
  held.finish(jobs[1], 0)
  rig.finish(blocked, held)
})

test.run()
