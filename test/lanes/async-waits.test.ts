// @time-limit 60s
import { setTimeout as sleep } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask, DeadlockError, SyncTask, type TaskHandle } from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { newGate, openGate, waitAt } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'

const test = suite('lanes: waits of tasks of an AsyncScheduler')

test('a task that awaits another of its own scheduler gives its place to others, the one it awaits among them', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 1 })
  const log: string[] = []
  const inner = new AsyncTask(async () => {
    log.push('inner')
    return 7
  })
  const other = new AsyncTask(() => void log.push('other'))
  const outer = new AsyncTask(async () => {
    log.push('outer')
    const value = await scheduler.run(inner)
    log.push('outer goes on')
    return value + (await scheduler.submitTask(inner).result())
  })
  const running = scheduler.run(outer)
  const beside = scheduler.run(other)
  assert.is(await running, 14)
  await beside
  assert.equal(log.slice(0, 4), ['outer', 'other', 'inner', 'outer goes on'])
})

test('a task that awaits what is its own keeps its place', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 1 })
  const log: string[] = []
  const first = new AsyncTask(async () => {
    await new Promise(resolve => setTimeout(resolve, 20))
    log.push('first')
  })
  await Promise.all([scheduler.run(first), scheduler.run(new AsyncTask(() => void log.push('second')))])
  assert.equal(log, ['first', 'second'])
})

test('a task that waits until all tasks have ended would wait for itself', async () => {
  await using scheduler = await AsyncScheduler.start()
  const drains = new AsyncTask(() => scheduler.drain(), [], { name: 'drains' })
  const { cycle } = await rejectionOf(scheduler.run(drains), DeadlockError)
  assert.equal(cycle, ["task 'drains' on lane 'loop'"])
  // One of another scheduler waits for what is none of its own.
  await using other = await AsyncScheduler.start()
  const running = scheduler.submitTask(new AsyncTask(() => sleep(20)))
  await other.run(drains)
  assert.is(running.state, 'DONE')
})

test('a task that has failed with a wait open is tried again, and waits for nothing', async () => {
  await using scheduler = await AsyncScheduler.start()
  const gate = newGate()
  const awaited = scheduler.submitTask(new AsyncTask(waitAt, [gate]))
  const flaky: AsyncTask<unknown> = new AsyncTask(async (): Promise<unknown> => {
    if (currentTask().attempt > 1) return scheduler.taskInfo(handle).awaits
    awaited.result().then(
      () => {},
      () => {},
    )
    await eventually('it is shown', () => scheduler.taskInfo(handle).awaits.length > 0)
    throw new RangeError('planted')
  })
  const handle: TaskHandle = scheduler.submitTask(flaky, { retries: { limit: 1, delay: 20 } })
  assert.equal(await handle.result(), [])
  openGate(gate)
})

test('what an urgent task awaits goes ahead on the pool, too', async () => {
  await using scheduler = await AsyncScheduler.start({ pool: { threads: 1 } })
  const module = new URL('./tasks/plain.js', import.meta.url)
  const log = new SharedArrayBuffer(4 * 100)
  const gate = newGate()
  const first = scheduler.submitTask(new SyncTask(module, 'block', [gate]))
  const all = [0, 1, 2, 3].map(i => scheduler.submitTask(new SyncTask(module, 'note', [log, i, 0])))
  const urgent = scheduler.run(new AsyncTask(() => all[3]!.result()), { priority: 9 })
  await eventually('it has inherited', () => scheduler.taskInfo(all[3]!).priority === 9)
  openGate(gate)
  await urgent
  await Promise.all([first, ...all].map(task => task.result()))
  assert.equal([...new Int32Array(log)].slice(0, 5), [4, 3, 0, 1, 2])
})

test.run()
