// @time-limit 120s
import { suite } from 'uvu'
import { Dependencies } from '#src/core/dependencies.js'
import { oneOf, Planting } from './planting.js'

const test = suite('simulation: planted bugs of tasks that start after others')
const planting = new Planting(test)

planting.finds(
  'a task that starts though one that it waited for has failed',
  'after',
  Dependencies.prototype,
  'ended',
  right => {
    return function (this: Dependencies, task) {
      right.call(this, task, null)
    }
  },
)

planting.finds('a task that does not wait for others', 'after', Dependencies.prototype, 'watch', () => {
  return function (this: Dependencies) {
    this.letGo()
  }
})

planting.finds(
  'an end that a task is not told of that waits for it',
  'forgotten',
  Dependencies.prototype,
  'ended',
  right => {
    const now = oneOf(5)
    return function (this: Dependencies, task, failure) {
      if (!now()) right.call(this, task, failure)
    }
  },
)

test.run()
