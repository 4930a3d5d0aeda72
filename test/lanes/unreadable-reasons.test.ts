// @time-limit 60s
import {
  AsyncScheduler,
  AsyncTask,
  SchedulerThread,
  SyncTask,
  TaskCanceledError,
  type TaskHandle,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { type Gate, newGate, openGate, waitAt } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import { UNREADABLE } from '../support/unreadable.js'
import type * as handed from './tasks/handed.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: cancelled for reasons that cannot be read')

const tasks = new URL('./tasks/plain.js', import.meta.url)

type Options = { readonly signal?: AbortSignal }

interface Made {
  /** Waits at a gate; of one lane, no two at a time. */
  submit(gate: Gate, options: Options): TaskHandle
  close(): Promise<void>
}

/** @param launch how the scheduler is started */
const lanesOf = (launch: typeof SchedulerThread.start) => async (): Promise<Made> => {
  const scheduler = await launch<typeof plain, 'a'>({ tasks, lanes: { a: { concurrency: 1, grace: 20 } } })
  return {
    submit: (gate, options) => scheduler.lanes.a.submit('wait', [gate], options),
    close: () => scheduler.close(),
  }
}

const LANES: Readonly<Record<string, () => Promise<Made>>> = {
  'of a thread': lanesOf(SchedulerThread.start),
  inline: lanesOf(SchedulerThread.inline),
  'of a loop': async () => {
    const scheduler = await AsyncScheduler.start({ concurrency: 1, grace: 20 })
    return {
      submit: (gate, options) => scheduler.submitTask(new AsyncTask(waitAt, [gate]), options),
      close: () => scheduler.close(),
    }
  },
  'of a pool': async () => {
    const scheduler = await AsyncScheduler.start({ pool: { threads: 1 }, grace: 20 })
    return {
      submit: (gate, options) => scheduler.submitTask(new SyncTask(tasks, 'wait', [gate]), options),
      close: () => scheduler.close(),
    }
  },
}

const CANCELS: Readonly<
  Record<string, (submit: (options: Options) => TaskHandle) => [TaskHandle, (reason: object) => void]>
> = {
  'by its handle': submit => {
    const task = submit({})
    return [task, reason => void task.cancel(reason)]
  },
  'by a signal': submit => {
    const controller = new AbortController()
    return [submit({ signal: controller.signal }), reason => controller.abort(reason)]
  },
}

/** What a promise rejects with, in an array: no promise can resolve with what cannot be looked at. */
function rejectedWith(promise: Promise<unknown>): Promise<readonly unknown[]> {
  return promise.then(
    () => [],
    (thrown: unknown) => [thrown],
  )
}

for (const [where, make] of Object.entries(LANES)) {
  for (const [how, prepare] of Object.entries(CANCELS)) {
    test(`a task ${where}, running and waiting, ${how}`, async () => {
      const { submit, close } = await make()
      const gate = newGate()
      for (const [what, reasonFor] of Object.entries(UNREADABLE)) {
        const prepared = [0, 1].map(() => prepare(options => submit(gate, options)))
        await prepared[0]![0].wait({ for: 'RUNNING' })
        for (const [task, cancel] of prepared.reverse()) {
          const reason = reasonFor()
          cancel(reason)
          assert.is(task.state, 'CANCELED', what)
          const [thrown] = await rejectedWith(task.result())
          assert.ok(thrown === reason || (thrown as TaskCanceledError).reason === reason, what)
        }
      }
      openGate(gate)
      const next = submit(gate, {})
      await next.result()
      assert.is(next.state, 'DONE', 'others run')
      await close()
    })
  }
}

test('what a task sees of the reason is a copy, or a text', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a'>({ tasks, lanes: { a: {} } })
  const { a } = scheduler.lanes
  for (const reasonFor of Object.values(UNREADABLE)) {
    const task = a.submit('noteReason')
    await task.wait({ for: 'RUNNING' })
    task.cancel(reasonFor())
  }
  const noted = () => a.run('notedReasons')
  await eventually('all were told', async () => (await noted()).length === Object.keys(UNREADABLE).length)
  assert.equal(await noted(), [
    'an object that cannot be read',
    'an object',
    { field: 'once' },
    ['an error', 'once'],
    'an object',
  ])
})

test('a reason whose accessor waits for the task that is to be cancelled: it has ended by then', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a'>({ tasks, lanes: { a: {} } })
  const { a } = scheduler.lanes
  const gate = newGate()
  const task = a.submit('wait', [gate])
  await task.wait({ for: 'RUNNING' })
  const seen: unknown[] = []
  const isCancelled = task.cancel({
    get field() {
      openGate(gate)
      seen.push(task.waitSync({ timeout: 20_000 }), task.state)
      return 0
    },
  })
  assert.equal([isCancelled, task.state, ...seen.slice(0, 2)], [false, 'DONE', true, 'DONE'])
  await task.result()
  assert.is(await a.run('echo', [1]), 1)
  assert.is((await scheduler.stats()).strays, 0)
})

test('a task of another thread, by a handle that was given to a task', async () => {
  await using scheduler = await SchedulerThread.start<typeof handed, 'a' | 'b'>({
    tasks: new URL('./tasks/handed.js', import.meta.url),
    lanes: { a: {}, b: {} },
  })
  const { a, b } = scheduler.lanes
  for (const what of Object.keys(UNREADABLE)) {
    const task = a.submit('never')
    await task.wait({ for: 'RUNNING' })
    await b.run('cancelUnreadably', [task, what])
    assert.instance(await reasonOf(task.result()), TaskCanceledError, what)
  }
})

test('all tasks of a map, by a signal', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'a'>({
    tasks,
    lanes: { a: { concurrency: 1 } },
  })
  const { a } = scheduler.lanes
  for (const [what, reasonFor] of Object.entries(UNREADABLE)) {
    const [controller, gate, reason] = [new AbortController(), newGate(), reasonFor()]
    const mapped = rejectedWith(a.map('wait', [gate, gate, gate], { signal: controller.signal }))
    await eventually('one runs', () => scheduler.countTasks({ state: 'RUNNING' }) === 1)
    controller.abort(reason)
    assert.ok((await mapped)[0] === reason, what)
    await eventually('none is left', () => scheduler.countTasks({ state: 'RUNNING' }) === 0)
  }
  assert.is(await a.run('echo', [1]), 1)
})

test.run()
