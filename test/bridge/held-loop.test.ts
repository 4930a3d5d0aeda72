import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { STARTED, TIMED_OUT } from '#src/core/task-state.js'
import { SenderRig, type Submitted, waitingAt } from './sender-rig.js'

const test = suite('bridge: a thread whose loop is held by what was decided otherwise')

/** What may be decided of a task that has started. */
const VERDICTS: Readonly<Record<string, (rig: SenderRig, held: Submitted) => void>> = {
  'was cancelled': (rig, held) => {
    assert.is(rig.cancel(held), true)
  },
  'has timed out': (rig, { task: { id } }) => {
    assert.is(rig.sender.sent.table.exchange(id, STARTED, TIMED_OUT), true)
    rig.tell({ type: 'expired', ids: [id] })
  },
}

/** A thread whose loop is held by the task that it has just begun. */
function heldThread() {
  const rig = new SenderRig()
  const thread = rig.join()
  const holding = rig.submit(['holding'])
  rig.settle()
  const job = thread.start()
  thread.block.hold(0, job.id)
  return { rig, thread, holding, job }
}

for (const [what, decide] of Object.entries(VERDICTS)) {
  test(`while a task that ${what} holds the loop of a thread, others get all that is new`, () => {
    const { rig, thread, holding } = heldThread()
    const other = rig.join()
    decide(rig, holding)
    rig.settle()
    const later = ['a', 'b', 'c', 'd'].map(name => rig.submit([name]))
    for (let ran = 1; ran > 0; rig.settle()) {
      rig.settle()
      assert.equal(waitingAt(thread), ['holding'])
      ran = other.runAll(1)
    }
    assert.equal(
      later.map(({ outcomes }) => outcomes),
      [['a'], ['b'], ['c'], ['d']],
    )
  })

  test(`a thread gets tasks again when one that ${what} has ended there`, () => {
    const { rig, thread, holding, job } = heldThread()
    decide(rig, holding)
    rig.settle()
    rig.submit(['next'])
    rig.settle()
    assert.equal(waitingAt(thread), ['holding'])
    thread.block.release()
    thread.finish(job, 'too late')
    rig.settle()
    assert.equal(waitingAt(thread), ['next'])
    rig.finish(thread)
  })
}

test.run()
