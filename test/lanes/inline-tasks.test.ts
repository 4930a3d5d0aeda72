import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { MultilaneError, SchedulerThread, TaskTimeoutError } from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rejectionOf, thrownBy } from '../support/rejection.js'

const test = suite('lanes: inline, what its tasks see')

const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('no task runs within submit, nor before the turn has ended', async () => {
  const log: string[] = []
  await using scheduler = await SchedulerThread.inline({
    tasks: { mark: () => void log.push('task') },
    lanes: { a: {} },
  })
  const { a } = scheduler.lanes
  const task = a.submit('mark')
  const mapped = a.map('mark', [1, 2])
  assert.is(task.state, 'SUBMITTED')
  await Promise.resolve()
  log.push('turn')
  await Promise.all([task.result(), mapped])
  assert.equal(log, ['turn', 'task', 'task', 'task'])
})

test('arguments and results are copies', async () => {
  const kept: object[] = []
  await using scheduler = await SchedulerThread.inline({
    tasks: {
      change: (order: { count: number }) => {
        order.count++
        kept.push(order)
        return order
      },
    },
    lanes: { a: {} },
  })
  const order = { count: 1, at: new Date(5) }
  const changed = await scheduler.lanes.a.run('change', [order])
  assert.equal(changed, { count: 2, at: new Date(5) })
  assert.is(order.count, 1)
  assert.is.not(kept[0], changed)
})

test('greater priorities go first, then earlier deadlines, then earlier arrivals', async () => {
  const log: unknown[] = []
  await using scheduler = await SchedulerThread.inline({
    tasks: {
      note: (what: string) => void log.push(what),
      wait: () => sleep(20),
    },
    lanes: { a: { concurrency: 1 } },
  })
  const { a } = scheduler.lanes
  const soon = Date.now() + 60_000
  const waiting = a.run('wait')
  await nextTurn()
  await nextTurn()
  const runs = [
    a.run('note', ['first']),
    a.run('note', ['second']),
    a.run('note', ['late'], { deadline: soon + 60_000 }),
    a.run('note', ['soon'], { deadline: soon }),
    a.run('note', ['great'], { priority: 5 }),
  ]
  await Promise.all([waiting, ...runs])
  assert.equal(log, ['great', 'soon', 'late', 'first', 'second'])
})

test('as many tasks at a time as `concurrency` says', async () => {
  let running = 0
  let most = 0
  await using scheduler = await SchedulerThread.inline({
    tasks: {
      work: async () => {
        most = Math.max(most, ++running)
        await sleep(2)
        running--
      },
    },
    lanes: { a: { concurrency: 3 } },
  })
  await scheduler.lanes.a.map('work', Array.from({ length: 20 }))
  assert.is(most, 3)
})

test('a task that calls the scheduler, and what each sees of itself', async () => {
  const seen: string[] = []
  const look = (): void => {
    const { name, lane } = currentTask()
    seen.push(`${name} on ${lane}`)
  }
  const scheduler = await SchedulerThread.inline({
    tasks: {
      outer: async () => {
        look()
        const inner = scheduler.lanes.b.run('inner', [], { timeout: 60_000, delay: 5, onDone: outside })
        look()
        await inner
        look()
      },
      inner: look,
    },
    lanes: { a: {}, b: {} },
  })
  const outsiders: unknown[] = []
  const outside = (): void => {
    try {
      outsiders.push(currentTask().name)
    } catch (error) {
      outsiders.push((error as { code?: unknown }).code)
    }
  }
  const limited = scheduler.lanes.b.submit('inner', [], {
    delay: 60_000,
    queueTimeout: 30,
    onTimeout: outside,
  })
  await scheduler.lanes.a.run('outer', [], { onStart: outside, onDone: outside })
  await limited.wait()
  assert.equal(seen, ['outer on a', 'outer on a', 'inner on b', 'outer on a'])
  assert.equal(
    outsiders,
    Array.from({ length: 4 }, () => 'ERR_INVALID_ARG'),
  )
  thrownBy(() => currentTask(), MultilaneError)
  await scheduler.close()
})

test('a task does not inherit what its caller keeps in an AsyncLocalStorage', async () => {
  const storage = new AsyncLocalStorage<string>()
  const look = (): string | undefined => storage.getStore()
  const scheduler = await storage.run('maker', () =>
    SchedulerThread.inline({
      tasks: {
        look,
        lookLater: () => sleep(1).then(look),
        setup: () => assert.is(look(), undefined),
      },
      lanes: { a: {} },
    }),
  )
  await storage.run('caller', async () => {
    const { a } = scheduler.lanes
    assert.equal(await Promise.all([a.run('look'), a.run('lookLater'), a.run('look', [], { delay: 5 })]), [
      undefined,
      undefined,
      undefined,
    ])
    assert.is(look(), 'caller')
  })
  await scheduler.close()
})

test('a synchronous loop that looks whether it is cancelled ends with its time', async () => {
  let ended = 0
  await using scheduler = await SchedulerThread.inline({
    tasks: {
      spin: () => {
        const task = currentTask()
        while (!task.cancelled);
        ended++
      },
    },
    lanes: { a: { grace: 10 } },
  })
  const { a } = scheduler.lanes
  const error = await rejectionOf(a.run('spin', [], { timeout: 20 }), TaskTimeoutError)
  assert.is(error.limit, 'timeout')
  assert.is(
    (await rejectionOf(a.run('spin', [], { deadline: Date.now() + 500 }), TaskTimeoutError)).limit,
    'deadline',
  )
  assert.is(ended, 2)
  await sleep(100)
  const { abandoned, unfinished } = await scheduler.stats()
  assert.equal({ abandoned, unfinished }, { abandoned: 0, unfinished: 0 })
})

test('what ran out while a task held the loop has timed out all the same', async () => {
  const log: string[] = []
  await using scheduler = await SchedulerThread.inline({
    tasks: {
      hold: (milliseconds: number) => {
        const end = performance.now() + milliseconds
        while (performance.now() < end);
      },
      wait: (milliseconds: number) => sleep(milliseconds),
      mark: () => void log.push('ran'),
    },
    lanes: { a: {}, b: {} },
  })
  const { a, b } = scheduler.lanes
  const beside = b.submit('wait', [50], { timeout: 70 })
  await nextTurn()
  await nextTurn()
  assert.is(beside.state, 'STARTED')
  const holding = a.submit('hold', [150], { timeout: 50 })
  const behind = a.submit('mark', [], { queueTimeout: 50 })
  const limits = await Promise.all(
    [holding, beside, behind].map(task => rejectionOf(task.result(), TaskTimeoutError)),
  )
  assert.equal(
    limits.map(({ limit }) => limit),
    ['timeout', 'timeout', 'queueTimeout'],
  )
  assert.equal(log, [])
})

test.run()
