// @time-limit 120s
import { suite } from 'uvu'
import { OpenDependencies } from '#src/bridge/open-dependencies.js'
import { Reordering } from '#src/bridge/reordering.js'
import { WaitReports } from '#src/bridge/wait-reports.js'
import { Dependencies } from '#src/core/dependencies.js'
import { WaitGraph, type WaitNode } from '#src/core/wait-graph.js'
import { WaitWatch } from '#src/lanes/wait-watch.js'
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

planting.finds(
  'a more urgent task of which nobody is told what it is to start after',
  'edges',
  OpenDependencies.prototype,
  'submitted',
  () => () => {},
)

planting.finds(
  'a priority that is not inherited by what has started and may be run again',
  'edges',
  Reordering.prototype,
  'inherit',
  right => {
    return function (this: Reordering, task, priority) {
      const before = task.extras?.inherited ?? 0
      right.call(this, task, priority)
      if (task.id !== 0) task.rareOptions().inherited = before
    }
  },
)

planting.finds('the end of a wait that is not told', 'edges', WaitReports.prototype, 'end', right => {
  const now = oneOf(3)
  return function (this: WaitReports, wait) {
    if (!now()) right.call(this, wait)
  }
})

planting.finds(
  'waits of a thread that outlive it',
  'edges',
  WaitWatch.prototype,
  'threadGone',
  () => () => {},
)

planting.finds('a wait that is over and counts on', 'edges', WaitGraph.prototype, 'unwait', right => {
  const now = oneOf(5)
  return function (this: WaitGraph<WaitNode>, waiter, awaited) {
    if (!now()) right.call(this, waiter, awaited)
  }
})

test.run()
