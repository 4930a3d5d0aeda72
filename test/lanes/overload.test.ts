import {
  AsyncScheduler,
  AsyncTask,
  QueueFullError,
  SchedulerThread,
  TaskCanceledError,
  type TaskHandle,
  type TaskOptions,
  TaskTimeoutError,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { arrived, type Gate, newGate, openGate } from '../support/gate.js'
import { reasonOf, rejectionOf, thrownBy } from '../support/rejection.js'
import type * as overloaded from './tasks/overloaded.js'

const test = suite('lanes: overload')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/overloaded.js', import.meta.url)

type Overload = 'wait' | 'drop-oldest' | 'drop-expired'

const start = (overload: Overload, limit: number, threads = 1) =>
  SchedulerThread.start<typeof overloaded, 'a'>({
    tasks,
    lanes: { a: { queue: { limit, overload }, threads, concurrency: 1 } },
  })

/** A scheduler of which every thread is held, and what is to be opened for it to go on. */
async function held(overload: Overload, limit: number) {
  const scheduler = await start(overload, limit)
  const gate: Gate = newGate()
  const blocking = scheduler.lanes.a.submit('block', [gate])
  await arrived(gate)
  return { scheduler, a: scheduler.lanes.a, gate, blocking }
}

test('wait: what waits for room is NEW, comes in in order, and is told when it has', async () => {
  const { scheduler, a, gate, blocking } = await held('wait', 2)
  await using _ = scheduler
  const log: string[] = []
  const submit = (i: number, priority = 0): TaskHandle<unknown> => {
    const task = a.submit('echo', [i], { priority, onSubmit: () => log.push(`submit ${i}`) })
    task.accepted.then(() => log.push(`accepted ${i}`))
    return task
  }
  const handles = [submit(0), submit(1), submit(2), submit(3), submit(4, 5)]
  assert.equal(log, ['submit 0', 'submit 1'])
  assert.equal(
    handles.slice(2).map(task => task.state),
    ['NEW', 'NEW', 'NEW'],
  )
  assert.is((await scheduler.stats()).lanes.a?.waiting, 2)
  openGate(gate)
  assert.equal(await Promise.all(handles.map(task => task.result())), [0, 1, 2, 3, 4])
  await blocking.result()
  const accepted = log.filter(line => line.startsWith('submit')).map(line => Number(line.slice(7)))
  assert.equal(accepted, [0, 1, 4, 2, 3])
  assert.equal(
    log.filter(line => line.startsWith('accepted')).map(line => Number(line.slice(9))),
    accepted,
  )
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('wait: one that waits for room is cancelled and timed out, and its promise of being accepted says so', async () => {
  const { scheduler, a, gate } = await held('wait', 1)
  await using _ = scheduler
  const first = a.submit('echo', [1])
  const callbacks: string[] = []
  const options = {
    onSubmit: () => void callbacks.push('submit'),
    onCancel: () => void callbacks.push('cancel'),
    onTimeout: () => void callbacks.push('timeout'),
  }
  const controller = new AbortController()
  const cancelled = a.submit('echo', [2], options)
  const aborted = a.submit('echo', [3], { ...options, signal: controller.signal })
  const late = a.submit('echo', [4], { ...options, queueTimeout: 20 })
  assert.is(cancelled.cancel(), true)
  assert.is(cancelled.cancel(), false)
  controller.abort('enough')
  await rejectionOf(cancelled.accepted, TaskCanceledError)
  assert.is(await reasonOf(aborted.accepted), 'enough')
  await rejectionOf(late.accepted, TaskTimeoutError)
  await rejectionOf(late.result(), TaskTimeoutError)
  assert.equal([cancelled.state, aborted.state, late.state], ['CANCELED', 'CANCELED', 'TIMED_OUT'])
  assert.equal(callbacks, ['cancel', 'cancel', 'timeout'])
  openGate(gate)
  assert.is(await first.result(), 1)
})

test('wait: a place that is left by a cancel or a time-out is taken while the loop is held', async () => {
  const { scheduler, a, gate } = await held('wait', 2)
  await using _ = scheduler
  const sent = a.submit('echo', ['sent'])
  const limited = a.submit('echo', ['limited'], { delay: 60_000, queueTimeout: 50 })
  const [third, fourth] = [a.submit('echo', [3]), a.submit('echo', [4])]
  sent.cancel()
  await third.accepted
  assert.is(fourth.state, 'NEW')
  await fourth.accepted
  assert.is(limited.state, 'TIMED_OUT')
  openGate(gate)
  assert.equal(await Promise.all([third.result(), fourth.result()]), [3, 4])
})

test('wait: a task that starts makes room, though it holds its loop from then on', async () => {
  await using scheduler = await start('wait', 1, 2)
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  const other = a.submit('echo', ['other'])
  assert.is(other.state, 'NEW')
  assert.is(await other.result(), 'other')
  assert.is(blocking.state, 'STARTED')
  openGate(gate)
  await blocking.result()
})

test('wait: run and map take many more than there is room for', async () => {
  await using scheduler = await start('wait', 10, 2)
  const { a } = scheduler.lanes
  const items = Array.from({ length: 3000 }, (_, i) => i)
  assert.equal(await Promise.all(items.map(i => a.run('echo', [i]))), items)
  let most = 0
  let taken = 0
  function* generate() {
    for (const i of items) {
      taken++
      most = Math.max(most, taken - done)
      yield i
    }
  }
  let done = 0
  const mapped = await a.map('echo', generate(), { onDone: () => void done++ })
  assert.equal(mapped, items)
  assert.ok(most < 700, `${most} items were taken and not done`)
  assert.is((await scheduler.stats()).unfinished, 0)
})

test('wait: close() lets in what waits for room, and cancels it when its time is over', async () => {
  const one = await held('wait', 1)
  const handles = [1, 2, 3, 4].map(i => one.a.submit('echo', [i]))
  const closed = one.scheduler.close({ timeout: 20_000 })
  openGate(one.gate)
  assert.equal(await Promise.all(handles.map(task => task.result())), [1, 2, 3, 4])
  await closed

  const other = await held('wait', 1)
  const waiting = [1, 2, 3, 4].map(i => other.a.submit('echo', [i]))
  const results = waiting.map(task => reasonOf(task.result()))
  const acceptances = waiting.slice(1).map(task => reasonOf(task.accepted))
  await other.scheduler.close({ timeout: 50 })
  await Promise.all([...results, ...acceptances])
  for (const task of waiting) assert.is(task.state, 'CANCELED')
})

test('drop-oldest: the waiting task that came first goes, with ERR_DROPPED and onCancel', async () => {
  const { scheduler, a, gate } = await held('drop-oldest', 3)
  await using _ = scheduler
  const dropped: unknown[] = []
  const handles = Array.from({ length: 8 }, (_, i) =>
    a.submit('echo', [i], {
      priority: 8 - i,
      onCancel: (task, error) => void dropped.push([task.state, (error as { code?: unknown }).code, i]),
    }),
  )
  assert.equal(
    dropped,
    [0, 1, 2, 3, 4].map(i => ['CANCELED', 'ERR_DROPPED', i]),
  )
  openGate(gate)
  assert.equal(await Promise.all(handles.slice(5).map(task => task.result())), [5, 6, 7])
  for (const task of handles.slice(0, 5)) {
    assert.is(((await reasonOf(task.result())) as { code?: unknown }).code, 'ERR_DROPPED')
  }
  assert.is((await scheduler.stats()).unfinished, 0)
})

both(
  'drop-oldest: who is told finds the one in the queue that made it go, and may submit anew',
  async launch => {
    for (const limit of [1, 2, 5]) {
      await using scheduler = await launch<typeof overloaded, 'a'>({
        tasks,
        lanes: { a: { queue: { limit, overload: 'drop-oldest' }, concurrency: 1 } },
      })
      const log: string[] = []
      const submit = (name: string, dropped = () => {}): TaskHandle<unknown> =>
        scheduler.lanes.a.submit('echo', [name], {
          onSubmit: () => void log.push(`${name} in`),
          onCancel: (_, error) => {
            log.push(`${name} ${(error as { code?: unknown }).code}`)
            dropped()
          },
        })
      for (let i = 0; i < limit; i++) {
        submit(`${i}`, () => {
          assert.is(scheduler.countTasks({ state: 'SUBMITTED' }), limit)
          if (i === 0) submit('anew')
        })
      }
      submit('last')
      const next = limit === 1 ? 'last' : '1'
      assert.equal(log.slice(limit), ['0 ERR_DROPPED', 'last in', `${next} ERR_DROPPED`, 'anew in'])
      await scheduler.drain()
      assert.is(scheduler.countTasks({ state: 'DONE' }), limit)
    }
  },
)

both(
  'drop-expired: who is told may take what room is left when all have gone that are to go',
  async launch => {
    await using scheduler = await launch<typeof overloaded, 'a'>({
      tasks,
      lanes: { a: { queue: { limit: 3, overload: 'drop-expired' }, concurrency: 1 } },
    })
    const { a } = scheduler.lanes
    const log: string[] = []
    const submit = (name: string, options: TaskOptions<unknown> = {}): void => {
      try {
        a.submit('echo', [name], { onSubmit: () => void log.push(`${name} in`), ...options })
      } catch (error) {
        log.push(`${name} ${(error as { code?: unknown }).code}`)
      }
    }
    for (const name of ['0', '1', '2'])
      submit(name, { deadline: Date.now(), onCancel: () => submit(`${name} anew`) })
    submit('last')
    assert.equal(log.slice(3), ['2 anew ERR_QUEUE_FULL', 'last in', '0 anew in', '1 anew in'])
    await scheduler.drain()
    assert.is(scheduler.countTasks({ state: 'DONE' }), 3)
  },
)

both(
  'drop-oldest: those that are submitted anew each time come in one day, and the loop turns',
  async launch => {
    await using scheduler = await launch<typeof overloaded, 'a'>({
      tasks,
      lanes: { a: { queue: { limit: 2, overload: 'drop-oldest' }, concurrency: 1 } },
    })
    const { a } = scheduler.lanes
    const gate = newGate()
    const waiting = a.submit('wait', [gate])
    await arrived(gate)
    let done = 0
    const submit = (): unknown => a.submit('echo', [1], { onCancel: submit, onDone: () => void done++ })
    for (let i = 0; i < 5; i++) submit()
    assert.is(scheduler.countTasks({ state: 'SUBMITTED' }), 2)
    // Messages and timers come.
    for (let i = 0; i < 3; i++) await scheduler.stats()
    openGate(gate)
    await waiting.result()
    await eventually('all have come in', () => done === 5)
  },
)

test('drop-oldest: so it is on one loop, too', async () => {
  await using scheduler = await AsyncScheduler.start({
    concurrency: 1,
    queue: { limit: 1, overload: 'drop-oldest' },
  })
  const log: string[] = []
  const submit = (name: string, dropped = () => {}): void => {
    scheduler.submitTask(new AsyncTask(() => name), {
      onSubmit: () => void log.push(`${name} in`),
      onCancel: (_, error) => {
        log.push(`${name} ${(error as { code?: unknown }).code}`)
        dropped()
      },
    })
  }
  submit('first', () => submit('anew'))
  submit('last')
  assert.equal(log, ['first in', 'first ERR_DROPPED', 'last in', 'last ERR_DROPPED', 'anew in'])
  let done = 0
  const again = (): unknown =>
    scheduler.submitTask(new AsyncTask(() => {}), { onCancel: again, onDone: () => void done++ })
  for (let i = 0; i < 3; i++) again()
  await eventually('all have come in', () => done === 3)
})

test('drop-expired: what cannot end in time goes, and nothing else', async () => {
  const { scheduler, a, gate } = await held('drop-expired', 3)
  await using _ = scheduler
  const patient = a.submit('echo', ['patient'])
  const timely = a.submit('echo', ['timely'], { deadline: Date.now() + 60_000 })
  const third = a.submit('echo', ['third'], { deadline: Date.now() + 60_000 })
  const error = await rejectionOf(a.run('echo', ['refused']), QueueFullError)
  assert.is(error.limit, 3)
  third.cancel()
  openGate(gate)
  assert.equal([await patient.result(), await timely.result()], ['patient', 'timely'])
  // The function is known to take longer than there is time.
  const ledgers = new Int32Array(new SharedArrayBuffer(64))
  for (let i = 0; i < 4; i++) await a.run('writeSlowly', [ledgers, i, 100])
  const second = newGate()
  const blocking = a.submit('block', [second])
  await arrived(second)
  const hopeless = a.submit('writeSlowly', [ledgers, 9, 100], { deadline: Date.now() + 60 })
  const others = [a.submit('echo', [1]), a.submit('echo', [2])]
  const entering = a.submit('echo', [3])
  await eventually('it has gone', () => hopeless.state === 'CANCELED')
  assert.is(((await reasonOf(hopeless.result())) as { code?: unknown }).code, 'ERR_DROPPED')
  openGate(second)
  await blocking.result()
  assert.equal(await Promise.all([...others, entering].map(task => task.result())), [1, 2, 3])
})

for (const [option, value] of Object.entries({ signal: new AbortController().signal, onDone: () => {} })) {
  test(`a task that is refused since its ${option} cannot be read has no place in the queue`, async () => {
    const { scheduler, a, gate } = await held('drop-expired', 3)
    await using _ = scheduler
    const waiting: TaskHandle<unknown>[] = []
    for (const throwsAt of [1, 2, 3]) {
      let reads = 0
      const get = () => {
        if (++reads === throwsAt) throw new RangeError('planted')
        return value
      }
      try {
        waiting.push(a.submit('echo', [1], Object.defineProperty({}, option, { enumerable: true, get })))
      } catch (error) {
        assert.instance(error, RangeError)
      }
    }
    while (waiting.length < 3) waiting.push(a.submit('echo', [1]))
    thrownBy(() => a.submit('echo', [1]), QueueFullError)
    openGate(gate)
    assert.equal(await Promise.all(waiting.map(task => task.result())), [1, 1, 1])
  })
}

test.run()
