import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask, SchedulerThread, SyncTask } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { collectGarbage } from '../support/garbage.js'
import type * as storing from './tasks/storing.js'

const test = suite('lanes: what an AsyncLocalStorage holds stays with its task')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/storing.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof storing, 'a' | 'b' | 'c'>({ tasks, lanes: { a: {}, b: {}, c: {} } })

both('a task does not find what the one before it has entered', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const enterers = [a.submit('enter', ['one']), a.submit('enterAndSleep', ['two'])]
  const finders = Array.from({ length: 3 }, () => a.submit('find'))
  const between = a.submit('enterAndSleep', ['three'])
  finders.push(a.submit('find'))
  for (const task of [...enterers, between]) await task.result()
  for (const task of finders) assert.is(await task.result(), undefined)
})

both('callbacks of a task find what none has entered that happened to run', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  assert.is(await a.run('enterAndCall', ['first', 'awaits']), undefined)
  assert.is(await a.run('enterAndTimeOut', ['second']), undefined)
})

test('nor if it was called back in the midst of a synchronous wait', async () => {
  await using scheduler = await start()
  assert.is(await scheduler.lanes.a.run('enterAndCall', ['text', 'blocks']), undefined)
})

test('nor on the thread that made the scheduler, nor if it was another that entered it', async () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const look = (): void => {
    seen.push(storage.getStore())
    storage.enterWith('a callback')
  }
  const scheduler = await storage.run('starter', () => start())
  await storage.run('caller', async () => {
    const { a } = scheduler.lanes
    const done = a.submit('find', [], { onSubmit: look, onDone: look })
    a.submit('find').resultSync()
    await done.result()
    await a.submit('find', [], { onDone: look }).result()
    const late = a.submit('find', [], { delay: 10_000, deadline: Date.now() + 20, onTimeout: look })
    await late.result().catch(() => {})
    a.submit('find', [], { delay: 10_000, onCancel: look }).cancel()
  })
  await scheduler.close()
  assert.equal(seen, Array(5).fill(undefined))
})

test('on one loop, tasks find nothing that callbacks have entered, and callbacks nothing of others', async () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const find = new AsyncTask(() => storage.getStore())
  const look = (): void => {
    seen.push(storage.getStore())
    storage.enterWith('a callback')
  }
  await using scheduler = await AsyncScheduler.start()
  const tasks = [
    scheduler.submitTask(find, { onStart: look }),
    scheduler.submitTask(find, { onDone: look }),
    scheduler.submitTask(find, { onDone: look }),
  ]
  for (const task of tasks) assert.is(await task.result(), undefined)
  assert.equal(seen, [undefined, undefined, undefined])
})

test('a setup that enters something does so for none but itself', async () => {
  const storage = new AsyncLocalStorage<string>()
  const find = (): unknown => storage.getStore()
  for (const setup of [() => storage.enterWith('set up'), () => {}]) {
    const scheduler = await SchedulerThread.inline({ tasks: { find, setup }, lanes: { a: {} } })
    assert.is(await scheduler.lanes.a.run('find'), undefined)
    await scheduler.close()
  }
})

both('what has a `then` and is no promise is begun within the task', async launch => {
  await using scheduler = await start(launch)
  assert.equal(await scheduler.lanes.a.run('queryLater', ['text']), ['queryLater', 'text'])
})

test('also on one loop, and on a thread of its pool', async () => {
  await using scheduler = await AsyncScheduler.start()
  const name = 'queryLater'
  assert.equal(await scheduler.run(new SyncTask(tasks, name, ['text'])), [name, 'text'])
  const { queryLater } = await import('./tasks/storing.js')
  assert.equal(await scheduler.run(new AsyncTask(queryLater, ['text'], { name })), [name, 'text'])
})

both('a listener of its signal is called within the task', async launch => {
  await using scheduler = await start(launch)
  const seen = new Int32Array(new SharedArrayBuffer(4))
  const task = scheduler.lanes.a.submit('listen', ['text', seen])
  await task.wait({ for: 'RUNNING' })
  task.cancel()
  await eventually('it was called', () => Atomics.load(seen, 0) > 0)
  assert.is(Atomics.load(seen, 0), 1)
})

test('ports that came while a task ran do not hold it', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  await a.run('reach', [{ large: 'thing' }])
  await eventually('none is held', async () => (await a.run('countHeld')) === 0)
})

test('nor does a timer that it has left behind hold its arguments', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  for (let i = 0; i < 3; i++) await a.run('leaveTimer', [{ large: 'thing' }])
  await eventually('none is held', async () => (await a.run('countHeld')) === 0)
})

test('whoever begins to use an AsyncScheduler is not held as long as it is used', async () => {
  const storage = new AsyncLocalStorage<object>()
  const scheduler = new AsyncScheduler()
  const stores: WeakRef<object>[] = []
  const ended: string[] = []
  // Of its promise nothing is kept here, which would hold the store as well.
  const begin = (): void => {
    const store = {}
    stores.push(new WeakRef(store))
    storage.run(store, () => {
      const run = (): Promise<number> => scheduler.run(new AsyncTask(() => 1))
      void scheduler
        .start()
        .then(run)
        .then(() => ended.push('the first'))
    })
  }
  begin()
  let end = (): void => {}
  const other = scheduler.start().then(() =>
    scheduler.run(
      new AsyncTask(() => {
        return new Promise<void>(resolve => {
          end = resolve
        })
      }),
    ),
  )
  await eventually('it has begun', () => ended.length > 0)
  await eventually('it is collected', async () => {
    await sleep(1)
    collectGarbage()
    return stores[0]!.deref() === undefined
  })
  end()
  await other
  await scheduler.close()
})

test.run()
