// @time-limit 90s
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  AsyncScheduler,
  type AsyncSchedulerOptions,
  AsyncTask,
  ClosedError,
  InvalidArgumentError,
  QueueFullError,
  type SlowEvent,
  TaskCanceledError,
  type TaskHandle,
  TaskThrewError,
  TaskTimeoutError,
} from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { newGate, openGate, waitAt } from '../support/gate.js'
import { runScript } from '../support/node-script.js'
import { reasonOf, rejectionOf, thrownBy } from '../support/rejection.js'

const test = suite('lanes: AsyncScheduler')

/** Holds the loop. */
function hold(duration: number): void {
  for (const until = performance.now() + duration; performance.now() < until; );
}

test('it runs functions with the very arguments, and answers what they come to', async () => {
  await using scheduler = await AsyncScheduler.start()
  const argument = { call: () => 7 }
  const seen = await scheduler.run(new AsyncTask((given: typeof argument) => given, [argument]))
  assert.is(seen, argument)
  assert.is(await scheduler.run(new AsyncTask(() => sleep(1, 3))), 3)
  const task = new AsyncTask((a: number, b: number) => a + b, [1, 2], { name: 'sum' })
  const handles = [scheduler.submitTask(task), scheduler.submitTask(task)]
  assert.equal(await Promise.all(handles.map(handle => handle.result())), [3, 3])
  assert.equal(
    handles.map(({ name, lane }) => [name, lane]),
    [
      ['sum', 'loop'],
      ['sum', 'loop'],
    ],
  )
})

test('what is thrown is the very error; what is no error becomes one', async () => {
  await using scheduler = await AsyncScheduler.start()
  const planted = new RangeError('planted')
  const fail = (thrown: unknown) => () => {
    throw thrown
  }
  assert.is(await reasonOf(scheduler.run(new AsyncTask(fail(planted)))), planted)
  assert.is(await reasonOf(scheduler.run(new AsyncTask(async () => fail(planted)()))), planted)
  assert.is((await rejectionOf(scheduler.run(new AsyncTask(fail(null))), TaskThrewError)).value, null)
})

test('no task runs within the call that submits it', async () => {
  await using scheduler = await AsyncScheduler.start()
  const log: string[] = []
  const running = scheduler.run(new AsyncTask(() => void log.push('ran')))
  log.push('submitted')
  await running
  assert.equal(log, ['submitted', 'ran'])
})

test('so many at a time, in the order of their priorities', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 2 })
  const log: number[] = []
  let most = 0
  let now = 0
  const submit = (priority: number) =>
    scheduler.run(
      new AsyncTask(async () => {
        log.push(priority)
        most = Math.max(most, ++now)
        await sleep(1)
        now--
      }),
      { priority },
    )
  await Promise.all([1, 5, 3, 2, 4].map(submit))
  assert.equal([log, most], [[5, 4, 3, 2, 1], 2])
})

test('timers have their turn, and an urgent task goes first, while 100,000 wait', async () => {
  await using scheduler = await AsyncScheduler.start()
  let done = 0
  const bulk = new AsyncTask(() => void done++)
  const all = Array.from({ length: 100_000 }, () => scheduler.run(bulk))
  const doneBefore: number[] = []
  while (done < 50_000) {
    await sleep(0)
    doneBefore.push(done)
    const before = done
    await scheduler.run(new AsyncTask(() => {}), { priority: 9 })
    assert.ok(done < 100_000)
    // What was begun in the same slice of time, at the most.
    assert.ok(done - before < 50_000, `${done - before} went first`)
  }
  assert.ok(doneBefore.length >= 3, `timers had ${doneBefore.length} turns`)
  await Promise.all(all)
  assert.is(done, 100_000)
})

test('by default the queue has no limit', async () => {
  await using scheduler = await AsyncScheduler.start()
  const count = new AsyncTask(() => {})
  const all = Array.from({ length: 100_001 }, () => scheduler.run(count))
  assert.is(scheduler.countTasks({ state: 'SUBMITTED' }), 100_001)
  await Promise.all(all)
})

test('an endless chain of tasks does not starve the loop', async () => {
  await using scheduler = await AsyncScheduler.start()
  let goesOn = true
  let count = 0
  const next = (): void => {
    count++
    if (goesOn) void scheduler.run(new AsyncTask(next))
  }
  next()
  await sleep(5)
  goesOn = false
  assert.ok(count > 1)
  await scheduler.drain()
})

test('a task that holds the loop is reported, with where it was submitted', async () => {
  await using scheduler = await AsyncScheduler.start({ slowCallback: 20 })
  const events: SlowEvent[] = []
  scheduler.on('slow', event => events.push(event))
  await scheduler.run(new AsyncTask(hold, [40]))
  await scheduler.run(new AsyncTask(hold, [1]))
  const [event] = events
  assert.equal([events.length, event?.lane, event?.name, event?.isExactPlace], [1, 'loop', 'hold', true])
  assert.ok(event!.held >= 40)
  assert.match(event!.submittedAt?.split('\n')[0] ?? '', 'async-scheduler.test.js')
})

test('a task knows itself, also after an await, and is told of its cancel', async () => {
  await using scheduler = await AsyncScheduler.start()
  const task = new AsyncTask(
    async () => {
      await currentTask().yield()
      const { id, name, lane, attempt, cancelled, signal, deadline } = currentTask()
      return { id, name, lane, attempt, cancelled, aborted: signal.aborted, deadline }
    },
    [],
    { name: 'looker' },
  )
  const handle = scheduler.submitTask(task)
  const common = { name: 'looker', lane: 'loop', attempt: 1, cancelled: false, aborted: false }
  assert.equal(await handle.result(), { ...common, id: handle.id, deadline: undefined })

  let reason: unknown
  const waiting = scheduler.submitTask(
    new AsyncTask(async () => {
      const { signal } = currentTask()
      await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve()))
      reason = signal.reason
    }),
  )
  await waiting.wait({ for: 'RUNNING' })
  assert.is(waiting.cancel('enough'), true)
  assert.is((await rejectionOf(waiting.result(), TaskCanceledError)).reason, 'enough')
  await eventually('it was told', () => reason === 'enough')
})

test('what tasks leave behind knows its own, and what comes after them knows none', async () => {
  const scheduler = await AsyncScheduler.start()
  const seen: boolean[] = []
  const isOutside = (): boolean => {
    try {
      currentTask()
      return false
    } catch {
      return true
    }
  }
  const leaves = new AsyncTask(() => {
    const { id } = currentTask()
    const look = () => seen.push(currentTask().id === id)
    queueMicrotask(look)
    setTimeout(look, 1)
    void sleep(2).then(look)
  })
  await Promise.all(Array.from({ length: 5 }, () => scheduler.run(leaves)))
  assert.ok(isOutside())
  const told = new Promise<boolean>(resolve => {
    const onDone = () => resolve(isOutside())
    scheduler.submitTask(leaves, { onDone })
  })
  assert.ok(await told)
  await eventually('all have looked', () => seen.length === 18)
  assert.ok(seen.every(Boolean))
  await scheduler.close()
})

test('a task that nobody has a handle of is seen while it runs, and when it has ended', async () => {
  const scheduler = await AsyncScheduler.start()
  const looks = new AsyncTask(async () => {
    const first = scheduler.currentTask('loop')!
    hold(1)
    await sleep(1)
    return [first, ...scheduler.tasks({ state: 'RUNNING' })]
  })
  const [first, later] = await scheduler.run(looks)
  assert.equal([first!.state, later!.state], ['STARTED', 'STARTED'])
  const { start } = first!.timestamps
  assert.ok(start! >= first!.timestamps.submit)
  assert.is(later!.timestamps.start, start)
  const past = scheduler.taskInfo(first!.id)!
  assert.is(past.timestamps.start, start)
  // The timer counts from the turn that the function was called in.
  assert.ok(past.ran! >= 1)
  assert.is(scheduler.slowest()!.id, first!.id)
  await scheduler.close()
})

test('its own limits end a task that holds the loop, when it lets go or looks', async () => {
  await using scheduler = await AsyncScheduler.start()
  const looks = new AsyncTask(() => {
    while (!currentTask().cancelled);
    return 'stopped'
  })
  assert.is((await rejectionOf(scheduler.run(looks, { timeout: 20 }), TaskTimeoutError)).limit, 'timeout')
  const deadline = Date.now() + 20
  const lets = await rejectionOf(scheduler.run(new AsyncTask(hold, [60]), { deadline }), TaskTimeoutError)
  assert.is(lets.limit, 'deadline')
})

test('one that ignores its abort is given up after its grace, and its place taken by the next', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 1, grace: 10 })
  const gate = newGate()
  const ignoring = scheduler.submitTask(new AsyncTask(waitAt, [gate]))
  const next = scheduler.submitTask(new AsyncTask(() => 'ran'))
  await ignoring.wait({ for: 'RUNNING' })
  ignoring.cancel()
  assert.is(await next.result(), 'ran')
  assert.is((await scheduler.stats()).abandoned, 1)
  openGate(gate)
})

test('nor does one keep its place that is cancelled, or out of time, before its first await', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 1, grace: 100 })
  const forever = new Promise<void>(() => {})
  const cancelled: TaskHandle<void> = scheduler.submitTask(
    new AsyncTask(() => {
      cancelled.cancel()
      return forever
    }),
  )
  await rejectionOf(cancelled.result(), TaskCanceledError)
  assert.is(await scheduler.run(new AsyncTask(() => 'ran'), { queueTimeout: 20_000 }), 'ran')
  const late = new AsyncTask(() => {
    while (!currentTask().cancelled);
    return forever
  })
  await rejectionOf(scheduler.run(late, { timeout: 10 }), TaskTimeoutError)
  assert.is(await scheduler.run(new AsyncTask(() => 'ran'), { queueTimeout: 20_000 }), 'ran')
  assert.is((await scheduler.stats()).abandoned, 2)
})

test('tasks fail, are tried again, wait for their time and their key', async () => {
  await using scheduler = await AsyncScheduler.start()
  let attempts = 0
  const flaky = new AsyncTask(() => {
    if (++attempts < 3) throw new RangeError('not yet')
    return currentTask().attempt
  })
  assert.is(await scheduler.run(flaky, { retries: { limit: 5, delay: 1 } }), 3)

  const log: string[] = []
  const slowly = (name: string) => async () => {
    log.push(`${name} begins`)
    await sleep(5)
    log.push(`${name} ends`)
  }
  await Promise.all(['a', 'b'].map(name => scheduler.run(new AsyncTask(slowly(name)), { key: 'k' })))
  assert.equal(log, ['a begins', 'a ends', 'b begins', 'b ends'])
  const later = scheduler.submitTask(new AsyncTask(() => {}), { delay: 20 })
  assert.is(later.state, 'SCHEDULED')
  await later.result()
  assert.ok(later.timestamps.start! - later.timestamps.submit >= 20)
})

test('a queue may be bounded, and says when there is room', async () => {
  const options: AsyncSchedulerOptions = { concurrency: 1, queue: { limit: 1 } }
  await using scheduler = await AsyncScheduler.start(options)
  scheduler.submitTask(new AsyncTask(() => {}))
  assert.is(thrownBy(() => scheduler.submitTask(new AsyncTask(() => {})), QueueFullError).limit, 1)
  await rejectionOf(scheduler.run(new AsyncTask(() => {})), QueueFullError)
  await using patient = await AsyncScheduler.start({ ...options, queue: { limit: 1, overload: 'wait' } })
  const tasks = [1, 2, 3].map(value => patient.submitTask(new AsyncTask(() => value)))
  assert.is(tasks[2]!.state, 'NEW')
  await tasks[2]!.accepted
  assert.equal(await Promise.all(tasks.map(task => task.result())), [1, 2, 3])
})

test('tasks do not see the AsyncLocalStorages of whoever submitted them', async () => {
  await using scheduler = await AsyncScheduler.start()
  const storage = new AsyncLocalStorage<string>()
  const seen = await storage.run('outside', () => scheduler.run(new AsyncTask(() => storage.getStore())))
  assert.is(seen, undefined)
})

test('one AbortSignal ends what waits and what runs', async () => {
  await using scheduler = await AsyncScheduler.start({ concurrency: 1 })
  const controller = new AbortController()
  const { signal } = controller
  const gate = newGate()
  const tasks = [1, 2].map(() => scheduler.submitTask(new AsyncTask(waitAt, [gate]), { signal }))
  await tasks[0]!.wait({ for: 'RUNNING' })
  const planted = new Error('planted')
  controller.abort(planted)
  for (const task of tasks) assert.is(await reasonOf(task.result()), planted)
  openGate(gate)
})

test('figures of both lanes', async () => {
  await using scheduler = await AsyncScheduler.start()
  const gate = newGate()
  await scheduler.run(new AsyncTask(hold, [2]))
  const running = scheduler.submitTask(new AsyncTask(waitAt, [gate]))
  await running.wait({ for: 'RUNNING' })
  const { lanes, unfinished } = await scheduler.stats()
  assert.equal(Object.keys(lanes), ['loop', 'pool'])
  const { running: now, waiting, finished, runs, waits, threads } = lanes.loop!
  assert.equal([now, waiting, finished.DONE, runs.count, waits.count, threads], [1, 0, 1, 1, 2, 1])
  assert.ok(runs.min >= 2e6)
  assert.is(unfinished, 1)
  openGate(gate)
})

test('before its start and after its end it refuses', async () => {
  const scheduler = new AsyncScheduler()
  const task = new AsyncTask(() => {})
  assert.throws(() => scheduler.submitTask(task), /not started/)
  await scheduler.start()
  const left = scheduler.submitTask(new AsyncTask(() => sleep(5)))
  const closing = scheduler.close()
  assert.instance(await reasonOf(scheduler.run(task)), ClosedError)
  await closing
  assert.is(left.state, 'DONE')
  await rejectionOf(scheduler.start(), ClosedError)
})

test('mistakes are named at once', async () => {
  const named = (options: unknown): string =>
    thrownBy(() => new AsyncScheduler(options as never), InvalidArgumentError).option
  assert.is(named({ concurrency: 0 }), 'concurrency')
  assert.is(named({ grace: Number.NaN }), 'grace')
  assert.is(named({ slowCallback: -1 }), 'slowCallback')
  assert.is(named({ queue: { limit: -1 } }), 'queue.limit')
  assert.is(named({ queue: { overload: 'explode' } }), 'queue.overload')
  assert.is(named({ pool: { threads: 1.5 } }), 'pool.threads')
  assert.is(named({ pool: { idleTimeout: Number.POSITIVE_INFINITY } }), 'pool.idleTimeout')
  assert.is(named({ pool: { env: { A: 1 } } }), 'pool.env.A')
  assert.is(named({ pool: { size: 1 } }), 'pool.size')
  assert.is(named({ lanes: {} }), 'lanes')
  assert.is(thrownBy(() => new AsyncTask('f' as never), InvalidArgumentError).option, 'call')
  assert.is(thrownBy(() => new AsyncTask(() => {}, {} as never), InvalidArgumentError).option, 'args')
  await using scheduler = await AsyncScheduler.start()
  const refused = (task: unknown, options: unknown = {}): string =>
    thrownBy(() => scheduler.submitTask(task as never, options as never), InvalidArgumentError).option
  assert.is(
    refused(() => {}),
    'task',
  )
  assert.is(refused(Object.create(AsyncTask.prototype)), 'task')
  assert.is(refused(new AsyncTask(() => {}), { transfer: [new ArrayBuffer(1)] }), 'transfer')
  assert.is(refused(new AsyncTask(() => {}), { timeout: Number.NaN }), 'timeout')
})

test('it never polls: while a task waits there is one timer, that holds the process', async () => {
  const { end, stdout, stderr } = await runScript(new URL('./scripts/async-still.js', import.meta.url))
  assert.equal([end, stdout, stderr], [0, 'STARTED Timeout\n', ''])
})

test('it starts and stops as often as wanted, with tasks that run, and leaves nothing', async () => {
  const { end, stdout, stderr } = await runScript(new URL('./scripts/async-cycles.js', import.meta.url))
  assert.equal([end, stdout, stderr], [0, 'the same\nno listeners\n', ''])
})

test('it holds the process while there are tasks, and not longer', async () => {
  const { end, stdout, stderr } = await runScript(new URL('./scripts/async-idle.js', import.meta.url))
  assert.equal([end, stdout, stderr], [0, 'loop\npool\n', ''])
})

test.run()
