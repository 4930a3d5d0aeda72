// @time-limit 180s
import { suite } from 'uvu'
import { LaneSender } from '#src/bridge/lane-sender.js'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { SCHEDULED } from '#src/core/task-state.js'
import { Senders } from '#src/lanes/senders.js'
import { oneOf, Planting } from './planting.js'

const test = suite('simulation: planted bugs of queues that many submit to')
const planting = new Planting(test)

planting.finds('a place that is not given back', 'queue-limit', QueuePlaces.prototype, 'giveBack', right => {
  const now = oneOf(3)
  return function (this: QueuePlaces) {
    if (!now()) right.call(this)
  }
})

planting.finds('a start that keeps its place', 'queue-limit', QueuePlaces.prototype, 'leave', () => {
  return (table, id, to) => table.exchange(id, SCHEDULED, to)
})

planting.finds(
  'one that is run again without a place',
  'queue-limit',
  QueuePlaces.prototype,
  'takeAgain',
  () => {
    return () => {}
  },
)

planting.finds('places that a thread owes', 'forgotten', QueuePlaces.prototype, 'settle', right => {
  const now = oneOf(3)
  return function (this: QueuePlaces) {
    if (!now()) right.call(this)
  }
})

planting.finds('places that the dead keep', 'queue-limit', QueuePlaces.prototype, 'clear', () => () => {})

planting.finds(
  'room that is told to nobody',
  ['hung', 'forgotten'],
  QueuePlaces.prototype,
  'heed',
  () => () => false,
)

planting.finds(
  'room that is told to one alone',
  ['hung', 'forgotten'],
  Senders.prototype,
  'tellOf',
  right => {
    return function (this: Senders, lane, message) {
      if (message.type === 'queue-room') this.tellOwner(0, message)
      else right.call(this, lane, message)
    }
  },
)

planting.finds(
  'room that is heard of, and that nobody takes',
  'forgotten',
  LaneSender.prototype,
  'roomInQueue',
  right => {
    const now = oneOf(2)
    return function (this: LaneSender) {
      if (!now()) right.call(this)
    }
  },
)

test.run()
