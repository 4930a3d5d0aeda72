// @time-limit 180s
import { suite } from 'uvu'
import { KeyShare } from '#src/bridge/key-share.js'
import { LaneKeys } from '#src/bridge/lane-keys.js'
import { KeyLocks } from '#src/core/key-locks.js'
import { oneOf, Planting } from './planting.js'

const test = suite('simulation: planted bugs of keys that many submit tasks of')
const planting = new Planting(test)

planting.finds('a key that is not asked for', 'key-turns', LaneKeys.prototype, 'acquire', () => () => true)

planting.finds('keys that were taken and are not told', 'key-turns', KeyShare.prototype, 'share', right => {
  return function (this: KeyShare) {
    right.call(this)
    return false
  }
})

planting.finds('a key that is granted to two', 'key-turns', KeyLocks.prototype, 'ask', right => {
  const now = oneOf(3)
  return function (this: KeyLocks, who, key) {
    const holder = this.holderOf(key)
    if (holder !== undefined && now()) this.release(holder, key)
    right.call(this, who, key)
  }
})

planting.finds('keys that die with their sender', 'key-turns', KeyLocks.prototype, 'gone', right => {
  return function (this: KeyLocks, who) {
    right.call(this, who)
    this.releaseAll(who)
    return false
  }
})

planting.finds(
  'keys that the dead keep',
  ['hung', 'forgotten'],
  KeyLocks.prototype,
  'releaseAll',
  () => () => {},
)

planting.finds(
  'a key that is not given back',
  ['hung', 'forgotten'],
  LaneKeys.prototype,
  'release',
  right => {
    const now = oneOf(3)
    return function (this: LaneKeys, key) {
      if (!now()) right.call(this, key)
    }
  },
)

test.run()
