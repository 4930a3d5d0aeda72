// @time-limit 60s
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import type * as deadlocking from './tasks/deadlocking.js'

const test = suite('lanes: waits for the turn of a key')

const tasks = new URL('./tasks/deadlocking.js', import.meta.url)

type Names = 'urgent' | 'bulk' | 'other'

const start = () =>
  SchedulerThread.start<typeof deadlocking, Names>({
    tasks,
    lanes: {
      urgent: { priority: 'user-blocking' },
      bulk: { priority: 'background', concurrency: 2 },
      other: {},
    },
  })

const key = 'account'
const KEY = "key 'account' on lane 'bulk'"

test('who has the turn of a key and awaits one whose turn comes later is refused, and both end', async () => {
  await using scheduler = await start()
  const { bulk } = scheduler.lanes
  const first = bulk.submit('waitForGiven', [], { key })
  await first.wait({ for: 'RUNNING' })
  const second = bulk.submit('note', [new SharedArrayBuffer(8), 1, 0], { key })
  await bulk.run('give', [second])
  const [code, ...cycle] = (await first.result()).split('; ')
  assert.is(code, 'ERR_DEADLOCK')
  assert.equal([...cycle].sort(), [KEY, "task 'note' on lane 'bulk'", "task 'waitForGiven' on lane 'bulk'"])
  assert.is(await second.result(), 'noted 1')
})

test('so is a cycle through a key, and through other lanes', async () => {
  await using scheduler = await start()
  const { bulk, other } = scheduler.lanes
  const first = bulk.submit('waitForGiven', [], { key })
  await first.wait({ for: 'RUNNING' })
  const before = bulk.submit('pause', [1], { key })
  const last = bulk.submit('note', [new SharedArrayBuffer(8), 1, 0], { key })
  const between = other.submit('waitFor', [last])
  await bulk.run('give', [between])
  const ends = await Promise.all([first.result(), between.result()])
  assert.ok(
    ends.some(end => end.startsWith('ERR_DEADLOCK') && end.includes(KEY)),
    ends.join('\n'),
  )
  assert.is(await last.result(), 'noted 1')
  await before.result()
})

test('so is one through a task of another thread, also when one of this thread that waited for the turn is cancelled', async () => {
  await using scheduler = await start()
  const { urgent, bulk, other } = scheduler.lanes
  const log = new SharedArrayBuffer(32)
  // From now on whoever wants a key asks for it.
  assert.is(await other.run('waitForKeyed', ['bulk', 'another', log, 1]), 'noted 1')
  const first = bulk.submit('waitForGiven', [], { key, timeout: 20_000 })
  await first.wait({ for: 'RUNNING' })
  const elsewhere = other.submit('waitForKeyed', ['bulk', key, log, 2])
  const second = bulk.submit('note', [log, 3, 0], { key })
  const waiting = urgent.submit('waitFor', [second])
  await eventually('both are known to wait', () =>
    [elsewhere, waiting].every(({ id }) => (scheduler.taskInfo(id)?.awaits.length ?? 0) > 0),
  )
  assert.is(second.cancel(), true)
  assert.is(await waiting.result(), 'ERR_TASK_CANCELED')
  await bulk.run('give', [elsewhere])
  const ends = await Promise.all([first.result(), elsewhere.result()])
  assert.ok(
    ends.some(end => end.startsWith('ERR_DEADLOCK') && end.includes(KEY)),
    ends.join('\n'),
  )
})

test('who awaits a task of the same key whose turn has been is not refused', async () => {
  await using scheduler = await start()
  const { bulk } = scheduler.lanes
  const first = bulk.submit('note', [new SharedArrayBuffer(8), 1, 20], { key })
  const second = bulk.submit('waitFor', [first], { key })
  const third = bulk.submit('waitFor', [second], { key })
  assert.equal(await Promise.all([second.result(), third.result()]), ['noted 1', 'noted 1'])
})

test('what has the turn that an urgent task waits for moves what it waits for ahead', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = new SharedArrayBuffer(4 * 400)
  const holder = bulk.submit('waitForGiven', [], { key })
  await holder.wait({ for: 'RUNNING' })
  const later = bulk.submit('note', [log, 1, 0], { key })
  const many = Array.from({ length: 300 }, () => bulk.submit('note', [log, 0, 1]))
  const last = bulk.submit('note', [log, 2, 1])
  const waiting = urgent.submit('waitFor', [later])
  await bulk.run('give', [last], { priority: 100 })
  assert.is(await waiting.result(), 'noted 1')
  const ended = many.filter(({ state }) => state === 'DONE').length
  assert.ok(ended < 300, 'all others went before')
  assert.is(await holder.result(), 'noted 2')
  await Promise.all(many.map(task => task.result()))
})

test('keyed tasks whose handles others have pass the turn on by the thousand', async () => {
  await using scheduler = await start()
  const { bulk, other } = scheduler.lanes
  const log = new SharedArrayBuffer(4 * 3_002)
  const many = Array.from({ length: 3_000 }, (_, i) => bulk.submit('note', [log, i, 0], { key }))
  const waiting = other.map(
    'waitFor',
    many.slice(-100).map(task => task),
  )
  assert.is((await waiting).at(-1), 'noted 2999')
  assert.is((await scheduler.stats()).strays, 0)
})

test.run()
