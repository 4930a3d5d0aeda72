import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '#src/bridge/failure.js'
import { TaskCanceledError } from '#src/core/errors.js'
import { type RigThread, SenderRig, type Submitted } from './sender-rig.js'

const test = suite('bridge: what accessors in the reason of a cancel do while it is read')

/** Cancels a task for a reason that does something when it is read. @returns what the cancel has answered */
function cancelWhile(rig: SenderRig, { task }: Submitted, call: () => void): boolean {
  let isRead = false
  const reason = {
    get field() {
      if (!isRead) {
        isRead = true
        call()
      }
      return 0
    },
  }
  const failure = Failure.later(() => new TaskCanceledError(task.target.name, reason))
  return rig.lane.cancel(task, failure, reason)
}

interface Run {
  readonly rig: SenderRig
  readonly thread: RigThread
  readonly running: Submitted
}

function startOne(options: Parameters<SenderRig['submit']>[1] = {}): Run {
  const rig = new SenderRig()
  const thread = rig.join()
  const running = rig.submit(['value'], options)
  rig.settle()
  thread.start()
  return { rig, thread, running }
}

/** A task that comes later runs, and no slot is lost. */
function goesOn(rig: SenderRig, thread: RigThread): void {
  const next = rig.submit(['next'])
  rig.finish(thread)
  assert.equal(next.outcomes, ['next'])
}

test('the task ends by itself: it is done, and not cancelled', () => {
  const { rig, thread, running } = startOne()
  const isCancelled = cancelWhile(rig, running, () => {
    thread.finish(thread.jobs[0]!, 'done')
    rig.settle()
  })
  assert.equal([isCancelled, rig.stateOf(running), running.outcomes], [false, 'DONE', ['done']])
  goesOn(rig, thread)
})

test('it is cancelled once more: that one has decided', () => {
  const { rig, thread, running } = startOne()
  let isCancelled: boolean | undefined
  const outer = cancelWhile(rig, running, () => {
    isCancelled = rig.cancel(running)
  })
  assert.equal([isCancelled, outer, rig.stateOf(running)], [true, false, 'CANCELED'])
  assert.is(
    rig.told.filter(({ type }) => type === 'canceled').length,
    0,
    'nothing is told before the turn ends',
  )
  rig.settle()
  assert.is(rig.told.filter(({ type }) => type === 'canceled').length, 1)
  thread.finish(thread.jobs[0]!, 'late')
  goesOn(rig, thread)
  assert.is(running.outcomes.length, 1)
})

test('its thread is lost, so that it waits to be run again: it never is', () => {
  const { rig, thread, running } = startOne({ idempotent: true })
  const isCancelled = cancelWhile(rig, running, () => rig.lose(thread))
  assert.equal([isCancelled, rig.stateOf(running)], [true, 'CANCELED'])
  goesOn(rig, rig.join())
  assert.is(running.outcomes.length, 1)
})

test('its thread is lost, and it has another by then, on which it runs', () => {
  const { rig, thread, running } = startOne({ idempotent: true })
  let other: RigThread | undefined
  const isCancelled = cancelWhile(rig, running, () => {
    rig.lose(thread)
    other = rig.join()
    other.start()
  })
  assert.equal([isCancelled, rig.stateOf(running)], [true, 'CANCELED'])
  rig.settle()
  other!.finish(other!.jobs[0]!, 'late')
  goesOn(rig, other!)
  assert.is(running.outcomes.length, 1)
})

test('it is read once more for whoever has the handle, when the thread is done with the slot: the next of the key runs', () => {
  const { rig, thread, running } = startOne({ key: 'k' })
  const { task } = running
  rig.sender.exports.lend(task, 7)
  rig.tell({ type: 'watched', sequence: task.sequence, watcher: 7 })
  rig.settle()
  let reads = 0
  const reason = {
    get field() {
      if (++reads === 2) {
        thread.finish(thread.jobs[0]!, 'late')
        rig.settle()
      }
      return 0
    },
  }
  const failure = Failure.later(() => new TaskCanceledError('quote', reason))
  assert.ok(rig.lane.cancel(task, failure, reason))
  assert.is(reads, 2)
  const next = rig.submit(['next'], { key: 'k' })
  rig.settle()
  thread.runAll()
  rig.settle()
  assert.equal([rig.stateOf(running), next.outcomes], ['CANCELED', ['next']])
})

test.run()
