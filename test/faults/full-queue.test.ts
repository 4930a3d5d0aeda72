import { QueueFullError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { heapInUse } from '../support/garbage.js'
import { arrivals, arrived, type Gate, newGate, openGate } from '../support/gate.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'
import { Witness } from './witness.js'

const test = suite('faults: a full queue')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)

test('a full queue', async () => {
  const limit = 20
  await using scheduler = await SchedulerThread.start<typeof plain, 'a' | 'b'>({
    tasks,
    lanes: { a: { queue: { limit } }, b: {} },
  })
  const witness = await Witness.of(scheduler, 'b')
  const { a } = witness.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  await arrived(gate)
  let callbacks = 0
  const options = { onSubmit: () => void callbacks++ }
  const waiting = Array.from({ length: limit }, (_, i) => a.submit('echo', [i], options))
  assert.is((await scheduler.stats()).lanes.a?.waiting, limit, 'a started one does not count')
  for (let i = 0; i < 3; i++) {
    const error = thrownBy(() => a.submit('echo', ['refused'], options), QueueFullError)
    assert.is(error.code, 'ERR_QUEUE_FULL')
    assert.is(error.lane, 'a')
    assert.is(error.limit, limit)
    assert.is((await rejectionOf(a.run('echo', ['refused'], options), QueueFullError)).limit, limit)
    // Delayed tasks wait too.
    thrownBy(() => a.submit('echo', ['refused'], { delay: 1 }), QueueFullError)
  }
  assert.is(callbacks, limit)

  // A cancelled one makes room, whether it was sent or not.
  assert.is(waiting[0]?.cancel(), true)
  assert.is(waiting.at(-1)?.cancel(), true)
  const more = [a.submit('echo', ['room']), a.submit('echo', ['room'])]
  thrownBy(() => a.submit('echo', ['refused']), QueueFullError)

  openGate(gate)
  await blocking.result()
  for (const task of [...waiting.slice(1, -1), ...more]) await task.result()
  assert.is(await a.run('echo', ['room']), 'room')
  await witness.kept()
})

test('a million queued tasks', async () => {
  const MILLION = 1_000_000
  await using scheduler = await SchedulerThread.start<typeof plain, 'a' | 'b'>({
    tasks,
    lanes: { a: { queue: { limit: MILLION } }, b: {} },
  })
  const witness = await Witness.of(scheduler, 'b')
  const [gate, marks] = [newGate(), newGate()]
  const blocking = witness.lanes.a.submit('block', [gate])
  await arrived(gate)
  const { a } = scheduler.lanes
  const before = heapInUse()
  const args: [Gate] = [marks]
  for (let i = 0; i < MILLION; i++) a.submit('mark', args)
  thrownBy(() => a.submit('mark', args), QueueFullError)
  const each = (heapInUse() - before) / MILLION
  assert.ok(each < 1_000, `${each} bytes each`)
  assert.is((await scheduler.stats()).lanes.a?.waiting, MILLION)
  openGate(gate)
  assert.is(await blocking.result(), 'passed')
  await scheduler.drain()
  assert.is(arrivals(marks), MILLION)
  await witness.kept({ unseen: MILLION })
})

both('a full queue: delayed tasks fill it', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { queue: { limit: 2 } } },
  })
  const { a } = scheduler.lanes
  const delayed = [a.submit('echo', [1], { delay: 60_000 }), a.submit('echo', [2], { delay: 60_000 })]
  thrownBy(() => a.submit('echo', [3]), QueueFullError)
  for (const task of delayed) assert.is(task.cancel(), true)
  assert.is(await a.run('echo', [4]), 4)
})

both('a full queue: one that is filled and emptied many times', async launch => {
  const limit = 50
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { queue: { limit }, threads: 2 } },
  })
  const { a } = scheduler.lanes
  for (let round = 0; round < 20; round++) {
    const accepted: Promise<unknown>[] = []
    let refused = 0
    for (let i = 0; i < 2 * limit; i++) {
      try {
        accepted.push(a.submit('echo', [i]).result())
      } catch (error) {
        assert.instance(error, QueueFullError)
        refused++
      }
    }
    assert.is(accepted.length, limit)
    assert.is(refused, limit)
    await Promise.all(accepted)
  }
})

both('a full queue fails a map that does not fit, and leaves nothing behind', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { queue: { limit: 10 } } },
  })
  const { a } = scheduler.lanes
  await rejectionOf(a.map('echo', Array.from({ length: 30 })), QueueFullError)
  assert.is((await scheduler.stats()).unfinished, 0)
  assert.equal(await a.map('echo', [1, 2, 3]), [1, 2, 3])
})

test.run()
