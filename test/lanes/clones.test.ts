import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import type * as clones from './tasks/clones.js'

const test = suite('lanes: clones')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/clones.js', import.meta.url)
const start = (launch: Launch) =>
  launch<typeof clones, 'own' | 'other'>({
    tasks,
    lanes: { own: { concurrency: 1, queue: { limit: 2, overload: 'wait' } }, other: {} },
  })

both('arguments are cloned when their task leaves, and for each attempt', async launch => {
  await using scheduler = await start(launch)
  const { other } = scheduler.lanes
  const object = { count: 1 }
  const echo = other.run('echo', [object])
  object.count = 2
  assert.equal(await echo, { count: 2 })
  const retried = other.run('countOf', [object], { retries: { limit: 1, delay: 200 } })
  await other.run('echo', [1])
  object.count = 3
  assert.is(await retried, 3)
})

both('a Buffer arrives as a Uint8Array, of which another can be made', async launch => {
  await using scheduler = await start(launch)
  const sent = Buffer.from('text')
  const got = (await scheduler.lanes.other.run('echo', [sent])) as Uint8Array
  assert.is(got.constructor, Uint8Array)
  assert.is(Buffer.from(got.buffer, got.byteOffset, got.byteLength).toString(), 'text')
  const own = Buffer.allocUnsafeSlow(4).fill('a')
  await scheduler.lanes.other.run('echo', [own], { transfer: [own.buffer] })
  assert.is(own.length, 0)
})

for (const [where, launch, submitters, filled] of [
  ['on a thread, and another of the submitter', SchedulerThread.start, 0, 'ERR_QUEUE_FULL'],
  ['inline', SchedulerThread.inline, 3, [1, 2, 3]],
] as const) {
  test(`tasks that await a handle share one value ${where}`, async () => {
    await using scheduler = await start(launch)
    const { own, other } = scheduler.lanes
    const made = own.submit('make')
    for (const count of [1, 2, 3]) assert.is(await other.run('countIn', [made]), count)
    assert.equal(await made.result(), { count: submitters })
  })

  test(`a task that fills its own lane, which lets others wait: ${filled}`, async () => {
    await using scheduler = await start(launch)
    assert.equal(await scheduler.lanes.own.run('fill'), filled)
  })
}

test.run()
