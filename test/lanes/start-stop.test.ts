import { ClosedError, SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { collectGarbage } from '../support/garbage.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: start, drain and stop')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const options = { tasks, lanes: { a: { grace: 20 }, b: { threads: 2 } } }
const make = () => new SchedulerThread<typeof plain, 'a' | 'b'>(options)
const start = (launch: Launch) => launch<typeof plain, 'a' | 'b'>(options)

test('start() answers the same promise, and the scheduler', async () => {
  const scheduler = make()
  const starting = scheduler.start()
  assert.is(scheduler.start(), starting)
  assert.is(await starting, scheduler)
  assert.is(await scheduler.start(), scheduler)
  const { lanes } = await scheduler.stats()
  assert.is(lanes.a?.threads, 1)
  assert.is(lanes.b?.threads, 2)
  await scheduler.close()
})

test('tasks are taken as soon as start() has been called', async () => {
  const scheduler = make()
  thrownBy(() => scheduler.lanes.a.submit('echo', [0]), ClosedError)
  const starting = scheduler.start()
  const early = scheduler.lanes.a.submit('echo', [1])
  assert.is(early.state, 'SUBMITTED')
  assert.equal(await scheduler.lanes.b.map('echo', [1, 2, 3]), [1, 2, 3])
  assert.is(await early.result(), 1)
  await starting
  await scheduler.close()
})

test('once start() has resolved every thread takes tasks, although main was busy meanwhile', async () => {
  for (let round = 0; round < 3; round++) {
    await using scheduler = new SchedulerThread<typeof plain, 'a'>({
      tasks,
      lanes: { a: { threads: 3, concurrency: 1 } },
    })
    const starting = scheduler.start()
    await new Promise(resolve => setImmediate(resolve))
    // All that the start has to say comes at once, over several ports, when this is over.
    const end = performance.now() + 400
    while (performance.now() < end);
    await starting
    const gate = newGate()
    const blocking = Array.from({ length: 3 }, () => scheduler.lanes.a.submit('block', [gate]))
    await arrived(gate, 3)
    openGate(gate)
    for (const task of blocking) assert.is(await task.result(), 'passed')
  }
})

both('drain() resolves when all has finished', async launch => {
  const scheduler = await start(launch)
  await scheduler.drain()
  const gate = newGate()
  const waiting = scheduler.lanes.a.submit('wait', [gate])
  const failing = scheduler.lanes.b.submit('fail', ['planted'])
  const delayed = scheduler.lanes.b.submit('echo', [1], { delay: 50 })
  let drained = false
  const draining = scheduler.drain().then(() => {
    drained = true
  })
  await delayed.result()
  assert.is(drained, false)
  const later = scheduler.lanes.b.submit('echo', ['submitted meanwhile'], { delay: 20 })
  openGate(gate)
  await draining
  for (const task of [waiting, failing, delayed, later]) assert.match(task.state, /^(DONE|FAILED)$/)
  assert.is(await scheduler.lanes.a.run('echo', ['goes on']), 'goes on')
  await scheduler.close()
})

test('stop() cancels and refuses; start() begins anew', async () => {
  const scheduler = await make().start()
  const { a, b } = scheduler.lanes
  for (let round = 0; round < 3; round++) {
    const gate = newGate()
    const running = a.submit('wait', [gate])
    const blocking = b.submit('block', [gate])
    await arrived(gate, 2)
    const waiting = [a.submit('echo', [1], { delay: 60_000 }), b.submit('echo', [1], { delay: 60_000 })]
    const stopped = scheduler.stop()
    assert.is(scheduler.stop(), stopped)
    for (const task of [running, blocking, ...waiting]) {
      await rejectionOf(task.result(), TaskCanceledError)
      assert.is(task.state, 'CANCELED')
    }
    thrownBy(() => a.submit('echo', [1]), ClosedError)
    await rejectionOf(b.run('echo', [1]), ClosedError)
    await stopped
    thrownBy(() => a.submit('echo', [1]), ClosedError)
    await rejectionOf(scheduler.stats(), ClosedError)

    assert.is(await scheduler.start(), scheduler)
    assert.is(await a.run('echo', [round]), round)
    assert.is(await b.run('echo', [round]), round)
    const stats = await scheduler.stats()
    assert.is(stats.unfinished, 0)
    assert.is(stats.lanes.b?.threads, 2)
    openGate(gate)
  }
  await scheduler.close()
})

both('start() while it stops begins anew after that', async launch => {
  const scheduler = await start(launch)
  const stopped = scheduler.stop()
  const starting = scheduler.start()
  assert.is(await starting, scheduler)
  await stopped
  assert.is(await scheduler.lanes.a.run('echo', ['anew']), 'anew')
  await scheduler.close()
})

test('stop() before and during start()', async () => {
  const scheduler = make()
  await scheduler.stop()
  assert.is(await scheduler.start(), scheduler)
  await scheduler.stop()
  const starting = Promise.allSettled([scheduler.start()])
  await scheduler.stop()
  await starting
  assert.is(await scheduler.start(), scheduler)
  assert.is(await scheduler.lanes.b.run('echo', ['anew']), 'anew')
  await scheduler.close()
})

both('await using closes', async launch => {
  const left: { scheduler?: Awaited<ReturnType<typeof start>> } = {}
  {
    await using scheduler = await start(launch)
    left.scheduler = scheduler
    assert.is(await scheduler.lanes.a.run('echo', [1]), 1)
  }
  thrownBy(() => left.scheduler?.lanes.a.submit('echo', [1]), ClosedError)
})

both('of start(), stop() and close() in one turn the last counts', async launch => {
  const stopped = await start(launch)
  const ends = [stopped.stop(), stopped.start(), stopped.stop()] as const
  const refused = await rejectionOf(ends[1], ClosedError)
  assert.is(refused.message, 'the scheduler is stopped')
  await Promise.all([ends[0], ends[2]])
  await rejectionOf(stopped.stats(), ClosedError)
  assert.is(await stopped.start(), stopped)
  assert.is(await stopped.lanes.a.run('echo', ['anew']), 'anew')
  await stopped.close()

  const closed = await start(launch)
  const stopping = closed.stop()
  const starting = closed.start()
  const closing = closed.close()
  assert.is((await rejectionOf(starting, ClosedError)).message, 'the scheduler is closed')
  await Promise.all([stopping, closing])
  await rejectionOf(closed.stats(), ClosedError)
  thrownBy(() => closed.lanes.a.submit('echo', [1]), ClosedError)
})

both('every refusal says what the scheduler is', async launch => {
  const scheduler = await start(launch)
  const refusals = async (): Promise<string[]> => {
    const refused = [
      thrownBy(() => scheduler.lanes.a.submit('echo', [1]), ClosedError),
      await rejectionOf(scheduler.lanes.a.run('echo', [1]), ClosedError),
      await rejectionOf(scheduler.stats(), ClosedError),
    ]
    return [...new Set(refused.map(error => error.message))]
  }
  await scheduler.stop()
  assert.equal(await refusals(), ['the scheduler is stopped'])
  await scheduler.close()
  assert.equal(await refusals(), ['the scheduler is closed'])
  assert.is((await rejectionOf(scheduler.start(), ClosedError)).message, 'the scheduler is closed')
})

both('one that was closed is let go at once', async launch => {
  const round = async (): Promise<WeakRef<object>> => {
    const scheduler = await start(launch)
    await Promise.all([scheduler.lanes.a.run('echo', [1]), scheduler.lanes.b.run('echo', [1])])
    await scheduler.close()
    return new WeakRef(scheduler)
  }
  const closed = await round()
  // In a few turns of the loop; a timer that kept it would keep it for far longer.
  for (let turn = 0; turn < 10; turn++) {
    await new Promise(resolve => setImmediate(resolve))
    collectGarbage()
  }
  assert.is(closed.deref(), undefined)
})

test.run()
