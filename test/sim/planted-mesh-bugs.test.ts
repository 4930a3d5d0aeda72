// @time-limit 180s
import { suite } from 'uvu'
import { Exports } from '#src/bridge/exports.js'
import { Job } from '#src/bridge/job.js'
import { KeptOutcomes } from '#src/bridge/kept-outcomes.js'
import { LaneLink } from '#src/bridge/lane-link.js'
import { LaneWaits } from '#src/bridge/lane-waits.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { DONE } from '#src/core/task-state.js'
import { HandleRevival } from '#src/lanes/handle-revival.js'
import { HandleRoutes } from '#src/lanes/handle-routes.js'
import { Retirements } from '#src/lanes/retirements.js'
import { RunLoop } from '#src/lanes/run-loop.js'
import { Senders } from '#src/lanes/senders.js'
import { Random } from '../support/random.js'
import { Planting } from './planting.js'
import { randomMesh } from './sim-options.js'

const test = suite('simulation: planted bugs of nested tasks')
const planting = new Planting(test, seed => randomMesh(new Random(~seed), 0.2).nesting)

planting.finds(
  'a wait that gives no place back',
  ['hung', 'forgotten'],
  Job.prototype,
  'beginWait',
  () => () => () => {},
)

planting.finds('a wait that never ends', 'concurrency', Job.prototype, 'beginWait', right => {
  return function (this: Job, ...wait) {
    right.apply(this, wait)
    return () => {}
  }
})

planting.finds('room that waiting tasks take', ['hung', 'handles'], LaneLink.prototype, 'room', right => {
  return function (this: LaneLink, concurrency) {
    return right.call(this, concurrency) - this.block.waiting
  }
})

planting.finds(
  'orphans that go on',
  ['orphans', 'retirements', 'queue-limit', 'edges'],
  Senders.prototype,
  'remove',
  right => {
    return function (this: Senders, number) {
      right.call(this, number)
      return undefined
    }
  },
)

planting.finds(
  'retirements that wait for the dead',
  'retirements',
  Retirements.prototype,
  'senderGone',
  () => () => {},
)

planting.finds(
  'threads that are not told to those who asked',
  ['connected', 'hung', 'slots'],
  Senders.prototype,
  'of',
  right => {
    return function* (this: Senders, lane) {
      for (const sender of right.call(this, lane)) if (sender[1].isOwner) yield sender
    }
  },
)

planting.finds(
  'an end that lane threads are not told of',
  'close',
  Senders.prototype,
  'tellLanes',
  () => () => {},
)

planting.finds(
  'an end that those are not told of who come later',
  'close',
  Senders.prototype,
  'tell',
  right => {
    return function (this: Senders, number, message) {
      if (message.type !== 'closing') right.call(this, number, message)
    }
  },
)

planting.finds('a task that begins after the teardown', 'close', RunLoop.prototype, 'end', () => () => {})

planting.findsProperty(
  'a thread taken to be idle that waits for what it has submitted',
  'idle',
  ThreadBlock.prototype,
  'isSending',
  { get: () => false, set: () => {} },
)

planting.finds(
  'an end that is not told to those who have the handle',
  ['hung', 'handles'],
  Exports.prototype,
  'ended',
  () => {
    return () => {}
  },
)

planting.finds('handles that are never given back', 'handles', Exports.prototype, 'changed', () => () => {})

planting.finds('a handle that tells another value', 'handles', KeptOutcomes.prototype, 'ended', right => {
  return function (this: KeptOutcomes, name, outcome) {
    // An error that is none would be found by whoever takes it apart.
    right.call(this, name, outcome.state === DONE ? { ...outcome, value: -1 } : outcome)
  }
})

planting.finds(
  'a death that is not told to those who wait for what it had submitted',
  ['hung', 'handles', 'orphans'],
  HandleRoutes.prototype,
  'threadGone',
  () => () => false,
)

planting.finds(
  'a thread that is sent nothing any more once it has waited synchronously',
  ['forgotten', 'hung'],
  LaneWaits.prototype,
  'takeIn',
  () => () => {},
)

planting.finds(
  'handles that the dead had given on, and nobody looked at',
  'handles',
  HandleRevival.prototype,
  'giveBack',
  () => () => {},
)

planting.finds(
  'a value that its thread keeps when nobody has the handle any more',
  'handles',
  KeptOutcomes.prototype,
  'forget',
  () => () => {},
)

planting.finds(
  'values of the dead that threads keep',
  'handles',
  KeptOutcomes.prototype,
  'forgetAll',
  () => () => {},
)

test.run()
