import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { Failure } from '#src/bridge/failure.js'
import { Task } from '#src/core/task.js'
import { DONE, FAILED } from '#src/core/task-state.js'
import { MapCall } from '#src/lanes/map-call.js'
import { SenderRig, type Submitted } from '../bridge/sender-rig.js'

const test = suite('lanes: the iterator of a map')

test('it is told to end when all that came with the failure has been taken', async () => {
  const rig = new SenderRig(8, { queueLimit: 2, overload: 'wait' })
  const thread = rig.join()
  let other: Submitted | undefined
  let stateAtEnd: number | undefined
  // As a queue that is full has it: the second waits for room, so the iterator has not ended.
  const items: Iterator<string> = {
    next: () => {
      if (other !== undefined) return { value: 'waits', done: false }
      other = rig.submit(['other'])
      return { value: 'fails', done: false }
    },
    return: () => {
      stateAtEnd = other?.task.state
      return { value: undefined, done: true }
    },
  }
  const mapped = MapCall.run(
    {
      deliveries: rig.sender.deliveries,
      submit: (item, resolve) => {
        const { lane, sender, clock } = rig
        const task = new Task(lane.target('quote'), sender.nextSequence(), [item], clock.now(), resolve, null)
        lane.submit(task, lane.admit())
        return task
      },
      cancel: (task, cause) => rig.lane.cancel(task, Failure.of(cause)),
    },
    { [Symbol.iterator]: () => items },
  )
  rig.settle()
  const jobs = thread.jobs.splice(0)
  const fails = jobs.findIndex(({ args }) => args[0] === 'fails')
  // First of all.
  jobs.unshift(...jobs.splice(fails, 1))
  for (const job of jobs) {
    thread.inlet.claim(job, rig.clock.now())
    const verdict = job === jobs[0] ? FAILED : DONE
    thread.inlet.answer(
      job,
      verdict,
      verdict === FAILED ? encodeError(new RangeError('it fails')) : 1,
      rig.clock.now(),
    )
  }
  thread.inlet.flush()
  rig.settle()
  const error = await mapped.catch(reason => reason)
  assert.is((error as Error).message, 'it fails')
  assert.is(stateAtEnd, DONE)
})

test.run()
