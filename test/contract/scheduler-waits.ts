import type { TaskHandle } from 'multilane'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { type RowSuite, type SchedulerUnderTest, testsOnSchedulers } from './scheduler-under-test.js'

/** Where tasks write numbers, one after another. */
const newLog = () => new SharedArrayBuffer(4 * 200)
const written = (log: SharedArrayBuffer): number[] => {
  const ints = new Int32Array(log)
  return [...ints.slice(1, 1 + ints[0]!)]
}
const COUNT = 20
const IN_ORDER = Array.from({ length: COUNT }, (_, i) => i)

/** Has a running task wait for one of which it could not know when it was submitted. */
async function give({ submit }: SchedulerUnderTest, task: TaskHandle): Promise<void> {
  await submit('give', [task]).result()
}

/** Tasks that wait for the turn of a key, which one at a gate has. */
async function behindKey({ submit }: SchedulerUnderTest) {
  const [gate, log] = [newGate(), newLog()]
  const holder = submit('wait', [gate], { key: 'k' })
  await arrived(gate)
  const queued = IN_ORDER.map(i => submit('note', [log, i, 0], { key: 'k' }))
  return { gate, log, all: [holder, ...queued], last: queued.at(-1)! }
}

/** What comes of it when tasks wait for each other. */
export function schedulerWaits(rows: RowSuite): void {
  const onScheduler = testsOnSchedulers(rows)

  onScheduler('a task that awaits itself is refused', async made => {
    const task = made.submit('waitForGiven', [])
    await task.wait({ for: 'RUNNING' })
    await give(made, task)
    assert.is(await task.result(), `ERR_DEADLOCK; task 'waitForGiven' on lane '${made.lane}'`)
  })

  onScheduler('of two that await each other one is refused, and the other goes on', async made => {
    const { submit, lane } = made
    const first = submit('waitForGiven', [])
    await first.wait({ for: 'RUNNING' })
    const second = submit('waitFor', [first])
    await give(made, second)
    const ends = (await Promise.all([first.result(), second.result()])) as string[]
    const [code, ...cycle] = ends[0]!.split('; ')
    assert.is(code, 'ERR_DEADLOCK')
    assert.equal(cycle.sort(), [`task 'waitFor' on lane '${lane}'`, `task 'waitForGiven' on lane '${lane}'`])
    assert.is(ends[1], ends[0], 'it got its word')
  })

  onScheduler('one that awaits a task whose turn of a key comes after its own is refused', async made => {
    const { submit, lane } = made
    const first = submit('waitForGiven', [], { key: 'k' })
    await first.wait({ for: 'RUNNING' })
    const second = submit('echo', ['ran'], { key: 'k' })
    await give(made, second)
    const end = (await first.result()) as string
    assert.match(end, 'ERR_DEADLOCK')
    assert.match(end, `key 'k' on lane '${lane}'`)
    assert.is(await second.result(), 'ran')
  })

  onScheduler('a dependant that is awaited by what it is to start after closes a cycle too', async made => {
    const { submit } = made
    const first = submit('waitForGiven', [])
    await first.wait({ for: 'RUNNING' })
    const after = submit('echo', ['ran'], { after: [first] })
    await give(made, after)
    assert.match((await first.result()) as string, 'ERR_DEADLOCK')
    assert.is(await after.result(), 'ran')
  })

  onScheduler('a wait with a time of its own is not refused', async made => {
    const { submit } = made
    const waiting = submit('waitForGiven', [])
    await waiting.wait({ for: 'RUNNING' })
    const brief = submit('waitBriefly', [waiting, 30])
    await give(made, brief)
    assert.is(await waiting.result(), false)
  })

  onScheduler('what an urgent task awaits goes ahead of all that were queued before', async made => {
    const { submit } = made
    const log = newLog()
    const queued = IN_ORDER.map(i => submit('note', [log, i, 10]))
    const urgent = submit('waitFor', [queued.at(-1)!], { priority: 9 })
    assert.is(await urgent.result(), `noted ${COUNT - 1}`)
    assert.ok(written(log).length < COUNT - 5, `it was the ${written(log).length}th`)
    await Promise.all(queued.map(task => task.result()))
    // The others kept their order.
    assert.equal(
      written(log).filter(i => i !== COUNT - 1),
      IN_ORDER.slice(0, -1),
    )
  })

  onScheduler('what it awaits goes ahead of those that wait for the same key', async made => {
    const { scheduler, submit } = made
    const { gate, log, all, last } = await behindKey(made)
    const urgent = submit('waitFor', [last], { priority: 9 })
    await eventually('it has inherited', () => scheduler.taskInfo(last).priority === 9)
    assert.equal(scheduler.taskInfo(urgent).awaits, [`task 'note' on lane '${made.lane}'`])
    openGate(gate)
    assert.is(await urgent.result(), `noted ${COUNT - 1}`)
    await Promise.all(all.map(task => task.result()))
    assert.equal(written(log), [COUNT - 1, ...IN_ORDER.slice(0, -1)])
    assert.equal(scheduler.taskInfo(urgent).awaits, [])
  })

  onScheduler('and back to its place when the wait is over', async made => {
    const { scheduler, submit } = made
    const { gate, log, all, last } = await behindKey(made)
    const urgent = submit('waitBriefly', [last, 200], { priority: 9 })
    await eventually('it has inherited', () => scheduler.taskInfo(last).priority === 9)
    assert.is(await urgent.result(), false)
    await eventually('it has not any more', () => scheduler.taskInfo(last).priority === 0)
    openGate(gate)
    await Promise.all(all.map(task => task.result()))
    assert.equal(written(log), IN_ORDER)
  })
}
