// @time-limit 60s
// Nothing here loads `multilane/task`: the runtime then follows the contexts of tasks only as far as it needs them itself.
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'

const test = suite('lanes: contexts that nobody asks for')

const one = new AsyncTask(() => 1)

/** Between its calls of the scheduler it lets the loop turn. */
function askingLater(scheduler: AsyncScheduler): AsyncTask<number, []> {
  return new AsyncTask(async () => {
    let sum = 0
    for (let i = 0; i < 3; i++) {
      await sleep(2)
      sum += await scheduler.run(one)
    }
    return sum
  })
}

test('a task that awaits another of its lane gives its place to it, whatever ran and ended before', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 1 })
  const asking = askingLater(scheduler)
  for (let round = 0; round < 3; round++) {
    await Promise.all([scheduler.run(one), scheduler.run(one)])
    assert.is(await scheduler.run(asking), 3)
  }
})

test('also if another scheduler of the thread has nothing left to do meanwhile', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 1 })
  await using other = await AsyncScheduler.start()
  const asked = scheduler.run(askingLater(scheduler))
  let isOver = false
  void asked.finally(() => {
    isOver = true
  })
  while (!isOver) {
    await other.run(one)
    await sleep(1)
  }
  assert.is(await asked, 3)
})

test('and so does an inline lane', async () => {
  await using other = await AsyncScheduler.start()
  const tasks = {
    one: () => 1,
    async asking(): Promise<number> {
      await sleep(2)
      await other.run(one)
      return scheduler.lanes.a.run('one', [])
    },
  }
  await using scheduler = await SchedulerThread.inline<typeof tasks, 'a'>({
    tasks,
    lanes: { a: { concurrency: 1 } },
  })
  assert.is(await scheduler.lanes.a.run('asking', []), 1)
})

test('what a task enters into a storage is seen by its own code alone', async () => {
  const storage = new AsyncLocalStorage<string>()
  const seen = new AsyncTask(() => storage.getStore())
  await using scheduler = await AsyncScheduler.start()
  const entering = new AsyncTask(async () => {
    storage.enterWith('its own')
    await sleep(2)
    return storage.getStore()
  })
  const [own, beside] = await Promise.all([scheduler.run(entering), scheduler.run(seen)])
  assert.equal([own, beside], ['its own', undefined])
  assert.is(await scheduler.run(seen), undefined)
  assert.is(storage.getStore(), undefined)
})

test.run()
