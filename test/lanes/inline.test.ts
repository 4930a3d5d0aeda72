import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  InvalidArgumentError,
  MultilaneError,
  SchedulerThread,
  TaskCanceledError,
  TaskTimeoutError,
} from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { runScript } from '../support/node-script.js'
import { rejectionOf, thrownBy } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: inline')

const tasks = new URL('./tasks/plain.js', import.meta.url)
const nextTurn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('no worker is made, whatever the number of threads', async () => {
  let workers = 0
  const count = (): void => void workers++
  process.on('worker', count)
  try {
    await using scheduler = await SchedulerThread.inline<typeof plain, 'a' | 'b'>({
      tasks,
      lanes: { a: { threads: 3 }, b: { priority: 'background', spin: 1000, os: 'nice' } },
    })
    assert.is(await scheduler.lanes.a.run('thread'), 0)
    assert.is(await scheduler.lanes.b.run('thread'), 0)
    const { lanes } = await scheduler.stats()
    const quiet = { waiting: 0, threads: 1, restarts: 0, os: 'normal' }
    assert.equal(lanes, { a: quiet, b: quiet })
    assert.is(workers, 0)
    await using other = await SchedulerThread.start({ tasks, lanes: { a: {} } })
    assert.is(await other.lanes.a?.run('echo', [1]), 1)
    assert.ok(workers > 0, 'they would have been seen')
  } finally {
    process.off('worker', count)
  }
})

for (const [name, script, expected] of [
  ['an idle one does not hold the process', 'inline-idle', 'urgent bulk\n'],
  [
    'unfinished tasks hold it, and so do a start and a close',
    'inline-unfinished',
    'timed out\nrunning\ndelayed\nleft\n',
  ],
] as const) {
  test(name, async () => {
    const { end, stdout, stderr } = await runScript(new URL(`./scripts/${script}.js`, import.meta.url))
    assert.is(stderr, '')
    assert.is(stdout, expected)
    assert.is(end, 0)
  })
}

test('it works in a file of node:test', async () => {
  const { end, stdout } = await runScript(new URL('./scripts/inline-node-test.js', import.meta.url))
  assert.match(stdout, /pass 2/)
  assert.match(stdout, /fail 0/)
  assert.is(end, 0)
})

test('it does not depend on timers that a test has replaced', async () => {
  const { setImmediate: real } = globalThis
  globalThis.setImmediate = (() => {}) as never
  try {
    await using scheduler = await SchedulerThread.inline({ tasks: { five: () => 5 }, lanes: { a: {} } })
    assert.is(await scheduler.lanes.a.run('five'), 5)
  } finally {
    globalThis.setImmediate = real
  }
})

test('functions in place of a module, of all lanes or of one', async () => {
  const log: unknown[] = []
  const workerData = { greeting: 'hello' }
  const scheduler = await SchedulerThread.inline<typeof plain, 'a' | 'b' | 'c'>({
    tasks: { echo: value => [value], failIf: () => 7 },
    lanes: { a: {}, b: { tasks: { echo: () => 'of its own' } }, c: { tasks } },
  })
  assert.equal(await scheduler.lanes.a.run('echo', [1]), [1])
  assert.is(await scheduler.lanes.a.run('failIf', [-1]), 7)
  assert.is(await scheduler.lanes.b.run('echo', [1]), 'of its own')
  assert.is(await scheduler.lanes.c.run('echo', [1]), 1)
  const unknown = await rejectionOf(scheduler.lanes.b.run('thread'), MultilaneError)
  assert.is(unknown.code, 'ERR_TASK_UNKNOWN')
  await scheduler.close()

  const withHooks = await SchedulerThread.inline({
    tasks: {
      setup: (data: { greeting: string }) => {
        log.push(data.greeting)
        data.greeting = 'changed'
      },
      teardown: () => log.push('teardown'),
      notAFunction: 5,
    },
    lanes: { a: { workerData } },
  })
  await rejectionOf(withHooks.lanes.a.run('setup'), MultilaneError)
  await withHooks.stop()
  await withHooks.start()
  await withHooks.close()
  assert.equal(log, ['hello', 'teardown', 'hello', 'teardown'])
  assert.is(workerData.greeting, 'hello')
})

test('functions are refused where there are threads, and what is neither is refused everywhere', async () => {
  const options = { tasks: { five: () => 5 }, lanes: { a: {} } } as never
  assert.is((await rejectionOf(SchedulerThread.start(options), InvalidArgumentError)).option, 'tasks')
  assert.is(thrownBy(() => new SchedulerThread(options), InvalidArgumentError).option, 'tasks')
  const bad = [
    [{ tasks: 5, lanes: { a: {} } }, 'tasks'],
    [{ tasks: [], lanes: { a: {} } }, 'tasks'],
    [{ tasks: {}, lanes: { a: { tasks: 5 } } }, 'lanes.a.tasks'],
    [{ tasks: {}, lanes: { a: 5 } }, 'lanes.a'],
    [{ tasks: {}, lanes: {} }, 'lanes'],
    [{ tasks: {}, lanes: { a: {} }, lane: 1 }, 'lane'],
    [{ tasks: {}, lanes: { a: { threads: Number.NaN } } }, 'lanes.a.threads'],
    [undefined, 'options'],
  ] as const
  for (const [given, option] of bad) {
    const error = await rejectionOf(SchedulerThread.inline(given as never), InvalidArgumentError)
    assert.is(error.option, option)
  }
})

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
    (await rejectionOf(a.run('spin', [], { deadline: Date.now() + 20 }), TaskTimeoutError)).limit,
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

test('stop() cancels what waits and what runs; start() begins anew', async () => {
  const scheduler = await SchedulerThread.inline<typeof plain, 'a'>({ tasks, lanes: { a: { grace: 20 } } })
  const { a } = scheduler.lanes
  for (let round = 0; round < 3; round++) {
    const gate = newGate()
    const running = a.submit('wait', [gate])
    await arrived(gate)
    const waiting = a.submit('echo', [1], { delay: 60_000 })
    const stopped = scheduler.stop()
    for (const task of [running, waiting]) await rejectionOf(task.result(), TaskCanceledError)
    await stopped
    assert.is(await scheduler.start(), scheduler)
    assert.is(await a.run('echo', [round]), round)
    openGate(gate)
  }
  await scheduler.close()
})

test('stop() tells what runs, and ends when that has ended or its grace is over', async () => {
  const log: unknown[] = []
  const scheduler = await SchedulerThread.inline({
    tasks: {
      listen: async () => {
        const { signal } = currentTask()
        await new Promise(resolve => signal.addEventListener('abort', resolve))
        log.push((signal.reason as Error).name)
      },
      ignore: () => new Promise(() => {}),
      teardown: () => void log.push('teardown'),
    },
    lanes: { a: { grace: 20 } },
  })
  const running = [scheduler.lanes.a.submit('listen'), scheduler.lanes.a.submit('ignore')]
  await eventually('both have started', () => running.every(task => task.state === 'STARTED'))
  await scheduler.stop({ timeout: 10 ** 9 })
  assert.equal(log, ['TaskCanceledError', 'teardown'])
})

test('close() does not wait for ever for a task or a teardown', async () => {
  const scheduler = await SchedulerThread.inline({
    tasks: { wait: () => new Promise(() => {}), teardown: () => new Promise(() => {}) },
    lanes: { a: { grace: 20 }, b: { grace: 60_000 } },
  })
  const stuck = [scheduler.lanes.a.submit('wait'), scheduler.lanes.b.submit('wait')]
  await nextTurn()
  await scheduler.close({ timeout: 100 })
  for (const task of stuck) assert.is(task.state, 'CANCELED')
})

test('a teardown that throws is reported, and close() resolves', async () => {
  const scheduler = await SchedulerThread.inline({
    tasks: {
      teardown: () => {
        throw new RangeError('planted')
      },
    },
    lanes: { a: {} },
  })
  const reported: unknown[] = []
  scheduler.on('error', error => reported.push(error))
  await scheduler.close()
  assert.equal(
    reported.map(error => (error as Error).message),
    ['planted'],
  )
})

test('several schedulers at once do not meet', async () => {
  const make = (answer: number) => SchedulerThread.inline({ tasks: { give: () => answer }, lanes: { a: {} } })
  const schedulers = await Promise.all([1, 2, 3].map(make))
  assert.equal(await Promise.all(schedulers.map(({ lanes }) => lanes.a.run('give'))), [1, 2, 3])
  await Promise.all(schedulers.map(scheduler => scheduler.close()))
})

test.run()
