import { DeadlockError, SchedulerThread, TaskCanceledError } from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { runScript } from '../support/node-script.js'
import { rejectionOf } from '../support/rejection.js'
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
    for (const { waiting, finished, threads, restarts, os, waits, runs, spin } of Object.values(lanes)) {
      assert.equal([waiting, finished.DONE, threads, restarts, os, spin], [0, 1, 1, 0, 'normal', 0])
      assert.equal([waits.count, runs.count], [1, 1])
    }
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

test('a task that waits until all tasks have ended would wait for itself', async () => {
  let drain = async (): Promise<void> => {}
  const scheduler = await SchedulerThread.inline({
    tasks: { drain: () => drain(), echo: (value: number) => value },
    lanes: { a: {}, b: {} },
  })
  drain = () => scheduler.drain()
  const other = scheduler.lanes.b.run('echo', [1])
  const { cycle } = await rejectionOf(scheduler.lanes.a.run('drain'), DeadlockError)
  assert.equal(cycle, ["task 'drain' on lane 'a'"])
  assert.is(await other, 1)
  await scheduler.drain()
  await scheduler.close()
})

test('a function with a `then` that a task returns is awaited', async () => {
  const scheduler = await SchedulerThread.inline({
    tasks: {
      // biome-ignore lint/suspicious/noThenProperty: what is tested.
      odd: () => Object.assign(() => {}, { then: (fulfil: (value: number) => void) => fulfil(5) }),
    },
    lanes: { a: {} },
  })
  assert.is(await scheduler.lanes.a.run('odd'), 5)
  await scheduler.close()
})

test('several schedulers at once do not meet', async () => {
  const make = (answer: number) => SchedulerThread.inline({ tasks: { give: () => answer }, lanes: { a: {} } })
  const schedulers = await Promise.all([1, 2, 3].map(make))
  assert.equal(await Promise.all(schedulers.map(({ lanes }) => lanes.a.run('give'))), [1, 2, 3])
  await Promise.all(schedulers.map(scheduler => scheduler.close()))
})

test.run()
