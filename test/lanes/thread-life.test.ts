import { LaneError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as life from './tasks/thread-life.js'

const test = suite('lanes: the life of a thread')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/thread-life.js', import.meta.url)
const newLog = (greeting: string): life.LifeLog => ({
  counts: new Int32Array(new SharedArrayBuffer(8)),
  greeting,
})

test('setup and teardown run once per thread, with the lane’s workerData', async () => {
  const [one, two] = [newLog('one'), newLog('two')]
  const scheduler = await SchedulerThread.start<typeof life, 'a' | 'b'>({
    tasks,
    lanes: { a: { workerData: one }, b: { workerData: two, threads: 3 } },
  })
  assert.equal([...one.counts], [1, 0])
  assert.equal([...two.counts], [3, 0])
  const [greeting, setups] = await scheduler.lanes.a.run('greet')
  assert.equal([greeting, setups], ['one', 1])
  const threads = new Set<number>()
  for (let round = 0; threads.size < 3 && round < 1000; round++) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => scheduler.lanes.b.run('greet')))
    for (const [text, count, thread] of answers) {
      assert.equal([text, count], ['two', 1])
      threads.add(thread)
    }
  }
  assert.is(threads.size, 3, 'all threads work')
  await scheduler.close()
  assert.equal([...one.counts], [1, 1])
  assert.equal([...two.counts], [3, 3])
})

test('setup runs again in a replacement; one that was ended has no teardown', async () => {
  const log = newLog('again')
  const scheduler = await SchedulerThread.start<typeof life, 'a'>({
    tasks,
    lanes: { a: { workerData: log, grace: 20 } },
  })
  const { a } = scheduler.lanes
  const [, , before] = await a.run('greet')
  const gate = newGate()
  const spinning = a.submit('spin', [gate])
  await arrived(gate)
  spinning.cancel()
  const [greeting, setups, after] = await a.run('greet')
  assert.equal([greeting, setups], ['again', 1])
  assert.is.not(after, before)
  await scheduler.close()
  assert.equal([...log.counts], [2, 1])
})

both('stop() runs the teardown, too', async launch => {
  const log = newLog('stopped')
  const scheduler = await launch<typeof life, 'a'>({
    tasks,
    lanes: { a: { workerData: log } },
  })
  await scheduler.stop()
  assert.equal([...log.counts], [1, 1])
  await scheduler.start()
  await scheduler.close()
  assert.equal([...log.counts], [2, 2])
})

test('the environment is empty unless it is given', async () => {
  const { PATH = '' } = process.env
  assert.is.not(PATH, '')
  await using scheduler = await SchedulerThread.start<typeof life, 'bare' | 'given'>({
    tasks,
    lanes: {
      bare: { workerData: newLog('') },
      given: { workerData: newLog(''), env: { PATH, TOKEN: 'secret' } },
    },
  })
  assert.equal(await scheduler.lanes.bare.run('environment'), {})
  assert.equal(await scheduler.lanes.given.run('environment'), { PATH, TOKEN: 'secret' })
})

test('execArgv, and task modules of a lane’s own', async () => {
  await using scheduler = await SchedulerThread.start<typeof life, 'a' | 'b'>({
    tasks: new URL('./tasks/plain.js', import.meta.url),
    lanes: { a: { tasks, workerData: newLog(''), execArgv: ['--no-warnings'] }, b: {} },
  })
  assert.equal(await scheduler.lanes.a.run('argumentsOfNode'), ['--no-warnings'])
  assert.is(await scheduler.lanes.a.run('moduleUrl'), tasks.href)
  const error = await reasonOf(scheduler.lanes.b.run('moduleUrl'))
  assert.is((error as { code?: unknown }).code, 'ERR_TASK_UNKNOWN')
})

both('a task module by its path', async launch => {
  const { pathname } = tasks
  await using scheduler = await launch<typeof life, 'a'>({
    tasks: decodeURIComponent(pathname),
    lanes: { a: { workerData: newLog('by path') } },
  })
  const [greeting] = await scheduler.lanes.a.run('greet')
  assert.is(greeting, 'by path')
})

test('an idle thread is preferred to one that can take no more', async () => {
  await using scheduler = await SchedulerThread.start<typeof life, 'a'>({
    tasks,
    lanes: { a: { workerData: newLog(''), threads: 3, concurrency: 1 } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  for (let busy = 1; busy < 3; busy++) {
    a.submit('wait', [gate])
    await arrived(gate, busy)
    assert.is(await a.submit('echo', [busy]).wait({ timeout: 5_000 }), true, `with ${busy} of 3 threads busy`)
  }
  openGate(gate)
  await scheduler.drain()
})

test('tasks spread over all threads of a lane', async () => {
  await using scheduler = await SchedulerThread.start<typeof life, 'a'>({
    tasks,
    lanes: { a: { workerData: newLog(''), threads: 3, concurrency: 1 } },
  })
  const gate = newGate()
  const blocking = Array.from({ length: 3 }, () => scheduler.lanes.a.submit('wait', [gate]))
  // Each thread runs one at a time: all three run only if each thread has one.
  await arrived(gate, 3)
  for (const task of blocking) assert.is(task.state, 'STARTED')
  await scheduler.close({ timeout: 0 })
  for (const task of blocking) {
    const reason = await reasonOf(task.result())
    assert.not.instance(reason, LaneError)
  }
})

test.run()
