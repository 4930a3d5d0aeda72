// @time-limit 180s
import { suite } from 'uvu'
import { LaneCrew } from '#src/bridge/lane-crew.js'
import { Retirements } from '#src/lanes/retirements.js'
import { Planting } from './planting.js'

const test = suite('simulation: planted bugs of retirements that are called off')
const planting = new Planting(test)

planting.finds(
  "a lost word that a thread's staying was heard",
  'retirements',
  Retirements.prototype,
  'receive',
  right => {
    return function (this: Retirements, from, message) {
      return message.type === 'stayed' || right.call(this, from, message)
    }
  },
)

planting.finds(
  'a sender that had released a thread, and is not connected anew',
  'connected',
  LaneCrew.prototype,
  'receive',
  right => {
    const known = new WeakMap<LaneCrew, Set<number>>()
    return function (this: LaneCrew, change) {
      const joined = known.get(this) ?? new Set()
      known.set(this, joined)
      if (change.type === 'thread-joined' && joined.has(change.thread)) return
      if (change.type === 'thread-joined') joined.add(change.thread)
      right.call(this, change)
    }
  },
)

planting.finds(
  'a sender that is connected anew, though it had not released the thread',
  ['credits', 'slots', 'hung'],
  Retirements.prototype,
  'callOff',
  right => {
    return function (this: Retirements, lane, thread) {
      this.end(thread)
      right.call(this, lane, thread)
    }
  },
)

test.run()
