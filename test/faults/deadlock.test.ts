import {
  AsyncScheduler,
  AsyncTask,
  DeadlockError,
  SchedulerThread,
  SyncTask,
  type TaskHandle,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { newGate, openGate } from '../support/gate.js'
import * as plain from './tasks/plain.js'

const test = suite('faults: waits that could never end')

const MODULE = new URL('./tasks/plain.js', import.meta.url)

function isRefused(task: TaskHandle, cycle: readonly string[]): void {
  for (const wait of [
    () => task.resultSync(),
    () => task.waitSync(),
    () => task.waitSync({ timeout: 60_000 }),
  ]) {
    try {
      wait()
    } catch (error) {
      assert.instance(error, DeadlockError)
      const refusal = error as DeadlockError
      assert.is(refusal.code, 'ERR_DEADLOCK')
      assert.equal(refusal.cycle, cycle)
      assert.ok(Object.isFrozen(refusal.cycle))
      for (const name of cycle) assert.ok(refusal.message.includes(name), refusal.message)
      continue
    }
    throw new Error('it was not refused')
  }
}

test('a synchronous wait that needs its own thread: lanes on the thread that waits', async () => {
  await using scheduler = await SchedulerThread.inline<typeof plain, 'a'>({ tasks: MODULE, lanes: { a: {} } })
  const task = scheduler.lanes.a.submit('echo', [1])
  isRefused(task, ['this thread', "task 'echo' of lane 'a'"])
  assert.is(await task.result(), 1)
  assert.equal([task.resultSync(), task.waitSync()], [1, true])
})

test('a synchronous wait that needs its own thread: tasks of one loop, and of its pool', async () => {
  await using scheduler = await AsyncScheduler.start()
  const gate = newGate()
  const own = scheduler.submitTask(new AsyncTask(plain.wait, [gate]))
  const pooled = scheduler.submitTask(new SyncTask(MODULE, 'echo', [2]))
  isRefused(own, ['this thread', "task 'wait' of lane 'loop'"])
  isRefused(pooled, ['this thread', "task 'echo' of lane 'pool'"])
  openGate(gate)
  await own.result()
  assert.is(own.waitSync(), true)
  assert.equal([await pooled.result(), pooled.resultSync()], [2, 2])
})

test.run()
