import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Failure } from '#src/bridge/failure.js'
import { alive, LANE, runInOrder, SenderRig, type Submitted, waitingAt } from './sender-rig.js'

const test = suite('bridge: tasks that are taken back')

/** A thread held by a started task, with one more sent, which is all the credit there is. */
function heldThread(options: Parameters<SenderRig['submit']>[1] = {}) {
  const rig = new SenderRig()
  const thread = rig.join()
  const holder = rig.submit(['holder'])
  rig.settle()
  const job = thread.start()
  const sent = rig.submit(['sent'], options)
  rig.settle()
  return { rig, thread, holder, job, sent }
}

function codeOf({ outcomes }: Submitted): unknown {
  assert.is(outcomes.length, 1)
  return ((outcomes[0] as Failure).error() as { code?: unknown }).code
}

test('an urgent task goes at once when the credit is used up, and what it overtook runs later, once', () => {
  const { rig, thread, job, sent } = heldThread()
  const urgent = rig.submit(['urgent'], { priority: 5 })
  rig.settle()
  assert.equal([rig.stateOf(urgent), rig.stateOf(sent)], ['SCHEDULED', 'SUBMITTED'])
  assert.equal(alive(thread), ['urgent'])
  thread.finish(job, 'holder')
  assert.equal(runInOrder(rig, thread), ['urgent', 'sent'])
  assert.equal([urgent.outcomes, sent.outcomes], [['urgent'], ['sent']])
  rig.finish(thread)
})

test('an earlier deadline overtakes as well; what is not more urgent does not', () => {
  const { rig, thread, job, sent } = heldThread({ priority: 3 })
  const same = rig.submit(['same'], { priority: 3 })
  const less = rig.submit(['less'], { priority: 2, deadline: rig.clock.now() + 10 })
  rig.settle()
  assert.equal(alive(thread), ['sent'])
  const soon = rig.submit(['soon'], { priority: 3, deadline: rig.clock.now() + 10 })
  rig.settle()
  assert.equal(alive(thread), ['soon'])
  thread.finish(job, 'holder')
  assert.equal(runInOrder(rig, thread), ['soon', 'sent', 'same', 'less'])
  assert.equal([sent, same, less, soon].map(rig.stateOf.bind(rig)), ['DONE', 'DONE', 'DONE', 'DONE'])
  rig.finish(thread)
})

test('what was handed over is never taken back', () => {
  const rig = new SenderRig(2)
  const thread = rig.join()
  rig.submit(['holder'])
  const buffer = new ArrayBuffer(8)
  const handed = rig.submit([buffer], { transfer: [buffer] })
  rig.settle()
  const job = thread.start()
  assert.is(buffer.byteLength, 0)
  const urgent = rig.submit(['urgent'], { priority: 5 })
  rig.settle()
  assert.equal([rig.stateOf(handed), rig.stateOf(urgent)], ['SCHEDULED', 'SUBMITTED'])
  assert.is(rig.lane.setPriority(handed.task, 9), false)
  const other = rig.join()
  rig.pass(5)
  assert.is(thread.jobs.length, 2, 'nor moved')
  thread.finish(job, 'holder')
  rig.finish(thread, other)
  assert.equal([rig.stateOf(handed), rig.stateOf(urgent)], ['DONE', 'DONE'])
})

test('many urgent ones in a row: the thread is never flooded with slots that were taken back', () => {
  const { rig, thread, job, sent } = heldThread()
  const urgent = Array.from({ length: 500 }, (_, i) => {
    const one = rig.submit([i], { priority: i + 1 })
    rig.settle()
    return one
  })
  assert.ok(thread.jobs.length <= 66, `${thread.jobs.length} messages wait`)
  thread.finish(job, 'holder')
  rig.finish(thread)
  for (const one of [sent, ...urgent]) assert.is(one.outcomes.length, 1)
})

test('a thread dies with slots that were taken back: they are free once it has exited', () => {
  const { rig, thread, sent } = heldThread({ idempotent: true })
  const urgent = rig.submit(['urgent'], { priority: 5 })
  rig.settle()
  const other = rig.join()
  rig.lose(thread)
  rig.finish(other)
  assert.equal([sent.outcomes, urgent.outcomes], [['sent'], ['urgent']])
})

test('one that was taken back is cancelled, times out or is dropped like any other, and never runs', () => {
  const { rig, thread, job, sent } = heldThread()
  const urgent = rig.submit(['urgent'], { priority: 5 })
  rig.settle()
  assert.is(rig.cancel(sent), true)
  assert.is(rig.cancel(sent), false)
  thread.finish(job, 'holder')
  assert.equal(runInOrder(rig, thread), ['urgent'])
  rig.finish(thread)

  const limited = heldThread({ waitUntil: 1010, notBefore: 0 })
  limited.rig.submit(['urgent'], { priority: 5 })
  limited.rig.settle()
  limited.rig.pass(10)
  assert.is(codeOf(limited.sent), 'ERR_TASK_TIMEOUT')
  limited.thread.finish(limited.job, 'holder')
  limited.rig.finish(limited.thread)
  assert.is(urgent.outcomes.length, 1)

  const small = new SenderRig(1, { overload: 'drop-oldest', queueLimit: 2 })
  const lane = small.join()
  const first = small.submit(['holder'])
  small.settle()
  const running = lane.start()
  const oldest = small.submit(['oldest'])
  small.settle()
  small.submit(['urgent'], { priority: 5 })
  small.settle()
  assert.is(small.stateOf(oldest), 'SUBMITTED', 'it was overtaken')
  small.submit(['one more'])
  assert.is(codeOf(oldest), 'ERR_DROPPED')
  lane.finish(running, 'holder')
  small.finish(lane)
  assert.equal(first.outcomes, ['holder'])
})

test('the turn of a key ends with the slot in which its task ran, not with one it was taken back from', () => {
  const rig = new SenderRig(1)
  const first = rig.join()
  rig.submit(['holder'])
  const one = rig.submit(['one'], { key: 'k' })
  rig.settle()
  const holder = first.start()
  const second = rig.join()
  rig.pass(2)
  assert.equal(alive(second), ['one'], 'it has moved')
  second.start()
  const two = rig.submit(['two'], { key: 'k' })
  rig.settle()
  // Cancelled while it runs; its first thread then acknowledges the slot it never ran in.
  assert.is(rig.cancel(one), true)
  first.finish(holder, 'holder')
  first.runAll()
  rig.settle()
  assert.equal([waitingAt(first), rig.stateOf(two)], [[], 'SUBMITTED'], 'it still runs on the second')
  second.inlet.acknowledge(second.jobs.shift()!)
  second.inlet.flush()
  rig.finish(first, second)
  assert.equal(two.outcomes, ['two'])
})

test('nor does it end with the exit of a thread that the task has left', () => {
  const rig = new SenderRig(1)
  const first = rig.join()
  const one = rig.submit(['one'], { key: 'k', idempotent: true })
  rig.settle()
  first.start()
  const second = rig.join()
  rig.lose(first)
  assert.equal(alive(second), ['one'])
  second.start()
  assert.is(rig.cancel(one), true)
  const two = rig.submit(['two'], { key: 'k' })
  rig.tell({ type: 'thread-exited', lane: LANE, thread: first.number })
  rig.settle()
  assert.equal([rig.stateOf(two), alive(second)], ['SUBMITTED', []])
  second.inlet.acknowledge(second.jobs.shift()!)
  second.inlet.flush()
  rig.finish(second)
  assert.equal(two.outcomes, ['two'])
})

test('a key is free at once when its task is cancelled before it started, also on a held loop', () => {
  const { rig, thread, job, sent } = heldThread({ key: 'k' })
  const other = rig.join()
  rig.cancel(sent)
  const next = rig.submit(['next'], { key: 'k' })
  rig.settle()
  assert.equal([alive(thread), alive(other)], [[], ['next']])
  thread.finish(job, 'holder')
  rig.finish(thread, other)
  assert.equal(next.outcomes, ['next'])
})

for (const [what, args, name, limited] of [
  ['has a name that nobody knows', [1], 'qoute', false],
  ['cannot be cloned', [() => 1], 'quote', false],
  ['came too late', [1], 'quote', true],
] as const) {
  for (const then of ['cancels', 'reprioritizes'] as const) {
    test(`a callback of one that ${what} ${then} others that leave with it, and none of the rest is lost`, () => {
      const rig = new SenderRig(64)
      const thread = rig.join()
      for (let i = 0; i < 400; i++) rig.submit([i])
      rig.finish(thread)
      const tasks: Submitted[] = []
      const finished = (): void => {
        for (const one of tasks.filter((_, i) => i % 3 === 0)) {
          if (then === 'cancels') rig.cancel(one)
          else rig.lane.setPriority(one.task, 7)
        }
      }
      const observer = { accepted: () => {}, started: () => {}, finished }
      for (let i = 0; i < 30; i++) tasks.push(rig.submit([i]))
      tasks.push(rig.submit(args, { observer, ...(limited ? { waitUntil: rig.clock.now() + 1 } : {}) }, name))
      for (let i = 0; i < 30; i++) tasks.push(rig.submit([i]))
      // Its time runs out while this thread is too busy to notice.
      if (limited) rig.clock.advance(2)
      rig.finish(thread)
      for (const { outcomes, task } of tasks) assert.is(outcomes.length, 1, `${task.sequence}`)
    })
  }
}

test('what waits for room comes in when one that waits ends by its time or by a cancel, or starts on a held loop', () => {
  const rig = new SenderRig(1, { overload: 'wait', queueLimit: 2 })
  const thread = rig.join()
  rig.submit(['holder'])
  rig.settle()
  const job = thread.start()
  const sent = rig.submit(['sent'])
  const delayed = rig.submit(['delayed'], { notBefore: 5000, deadline: 1010 })
  const held = [1, 2, 3, 4].map(i => rig.submit([i]))
  const states = (): string[] => held.map(one => rig.stateOf(one))
  rig.settle()
  assert.equal(states(), ['NEW', 'NEW', 'NEW', 'NEW'])
  rig.pass(10)
  assert.is(rig.stateOf(delayed), 'TIMED_OUT')
  assert.equal(states(), ['SUBMITTED', 'NEW', 'NEW', 'NEW'])
  rig.cancel(sent)
  rig.settle()
  assert.equal(states().slice(1), ['SUBMITTED', 'NEW', 'NEW'])
  // It starts, holds its loop from then on and tells nobody.
  thread.finish(job, 'holder')
  thread.jobs.shift()
  rig.settle()
  const next = thread.jobs.find(one => one.args[0] === 1)
  thread.start(next)
  rig.pass(100)
  assert.is(rig.stateOf(held[2]!), 'SUBMITTED')
})

test.run()
