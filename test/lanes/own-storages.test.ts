import { AsyncLocalStorage } from 'node:async_hooks'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
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

test('nor on the thread that made the scheduler', async () => {
  const storage = new AsyncLocalStorage<string>()
  const seen: unknown[] = []
  const look = (): void => void seen.push(storage.getStore())
  const scheduler = await storage.run('starter', () => start())
  await storage.run('caller', async () => {
    const { a } = scheduler.lanes
    const done = a.submit('find', [], { onDone: look })
    a.submit('find').resultSync()
    await done.result()
    const late = a.submit('find', [], { delay: 10_000, deadline: Date.now() + 20, onTimeout: look })
    await late.result().catch(() => {})
  })
  await scheduler.close()
  assert.equal(seen, [undefined, undefined])
})

test('ports that came while a task ran do not hold it', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  await a.run('reach', [{ large: 'thing' }])
  await a.run('find')
  assert.is(await a.run('countHeld'), 0)
})

test.run()
