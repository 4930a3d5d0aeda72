import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Cascade } from '#src/core/cascade.js'
import { Dependencies } from '#src/core/dependencies.js'
import { SmallSet } from '#src/core/small-set.js'
import { Task } from '#src/core/task.js'
import { TaskEnd } from '#src/core/task-end.js'
import { DONE, FAILED, SCHEDULED, STARTED } from '#src/core/task-state.js'
import { Awaited } from './awaited-task.js'

const test = suite('core: dependencies')

const awaited = (count: number): Awaited[] => Array.from({ length: count }, (_, id) => new Awaited(id))
const listening = (tasks: readonly Awaited[]): number[] => tasks.map(({ listeners }) => listeners.size)

test('it is over when the last is done, and told once', () => {
  const tasks = awaited(3)
  const dependencies = new Dependencies([...tasks, tasks[0]!])
  let told = 0
  dependencies.watch(() => told++)
  assert.equal([dependencies.left, dependencies.areDone, listening(tasks)], [3, false, [1, 1, 1]])
  tasks[1]!.end(true)
  tasks[0]!.end(true)
  assert.equal([told, dependencies.left, dependencies.areDone], [0, 1, false])
  tasks[2]!.end(true)
  assert.equal([told, dependencies.left, dependencies.areDone], [1, 0, true])
})

test('it is over when the first has failed; the others do not know of it any more', () => {
  const tasks = awaited(3)
  const dependencies = new Dependencies(tasks)
  let told = 0
  dependencies.watch(() => told++)
  tasks[1]!.end(false)
  assert.equal([told, dependencies.left, dependencies.areDone, listening(tasks)], [1, 0, false, [0, 0, 0]])
  assert.is(dependencies.failed?.id, 1)
  assert.is(dependencies.failed?.failure, tasks[1]!.failure)
  tasks[0]!.end(false)
  assert.equal([told, dependencies.failed?.id], [1, 1])
})

test('those that have ended before show at once, and nobody is told', () => {
  const tasks = awaited(3)
  tasks[0]!.end(true)
  tasks[1]!.end(false)
  const told = (): void => assert.unreachable()
  const done = new Dependencies([tasks[0]!])
  done.watch(told)
  assert.equal([done.areDone, done.left], [true, 0])
  const failed = new Dependencies([tasks[2]!, tasks[1]!])
  failed.watch(told)
  assert.equal([failed.areDone, failed.left, failed.failed?.id, listening(tasks)], [false, 0, 1, [0, 0, 0]])
})

test('what is let go of is not told, and nobody knows of it', () => {
  const tasks = awaited(2)
  const dependencies = new Dependencies(tasks)
  dependencies.watch(() => assert.unreachable())
  dependencies.letGo()
  assert.equal([listening(tasks), dependencies.left], [[0, 0], 0])
  for (const task of tasks) task.end(false)
})

test('the end of a task is told to all who listen then, after those it had before', () => {
  const log: string[] = []
  const target = { name: 'x', lane: 'l', owner: null, index: 0, mean: 0 }
  const task = new Task(target, 7, [], 0, () => log.push('promise'), null)
  const end = new TaskEnd(task)
  const other = new TaskEnd(task)
  const listener = (name: string) => ({
    ended: (of: unknown, failure: unknown) => log.push(`${name} ${of === end} ${failure}`),
  })
  const gone = listener('gone')
  const late = listener('late')
  end.whenEnded({
    ended: () => {
      log.push('first')
      end.forget(gone)
    },
  })
  end.whenEnded(gone)
  end.whenEnded(listener('second'))
  other.whenEnded(listener('other'))
  assert.equal([end.id, end.name, end.lane], [7, 'x', 'l'])
  task.enter(SCHEDULED)
  task.enter(STARTED)
  const { resolve } = task
  task.settle(FAILED, 'why', 1)
  resolve!('why', task)
  end.whenEnded(late)
  assert.equal(log, ['promise', 'first', 'second true why', 'other false why', 'late true why'])

  const done = new Task(target, 8, [], 0, null, null)
  done.enter(SCHEDULED)
  done.enter(STARTED)
  done.settle(DONE, 'value', 1)
  new TaskEnd(done).whenEnded({ ended: (_, failure) => assert.is(failure, null) })
})

test('a cascade takes no step from within another, and loses none when one throws', () => {
  const log: string[] = []
  let depth = 0
  const cascade = new Cascade<number>(item => {
    assert.is(depth++, 0)
    if (item < 10) for (const next of [item * 10, item * 10 + 1]) cascade.push(next)
    log.push(`${item}`)
    depth--
    if (item === 10) throw new RangeError('planted')
  })
  assert.throws(() => cascade.push(1), /planted/)
  assert.equal(log, ['1', '10'])
  cascade.push(2)
  assert.equal(log, ['1', '10', '11', '2', '20', '21'])
})

test('a small set of none, one and many', () => {
  const [a, b, c] = [{}, {}, {}]
  const set = new SmallSet<object>()
  const holds = (...members: object[]): void => {
    assert.is(set.size, members.length)
    assert.ok([...set].every((member, i) => member === members[i]))
  }
  holds()
  set.delete(a)
  set.add(a)
  set.add(a)
  holds(a)
  set.add(b)
  set.add(c)
  set.add(b)
  holds(a, b, c)
  set.delete(a)
  holds(b, c)
  for (const member of set) {
    assert.is(member, b)
    set.delete(b)
    set.delete(c)
  }
  holds()
  set.add(c)
  set.delete(b)
  holds(c)
  set.clear()
  holds()
})

test.run()
