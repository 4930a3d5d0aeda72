import { type TaskOptions, TaskTimeoutError } from 'multilane'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf, rejectionOf } from '../support/rejection.js'
import { type RowSuite, type SchedulerUnderTest, testsOnSchedulers } from './scheduler-under-test.js'

/** Submits tasks of one key while another has its turn, and answers the order in which they run. */
async function orderOf(
  { submit }: SchedulerUnderTest,
  options: readonly TaskOptions[],
  change: (tasks: ReturnType<SchedulerUnderTest['submit']>[]) => void = () => {},
): Promise<number[]> {
  const [gate, log] = [newGate(), new SharedArrayBuffer(4 * 100)]
  const holder = submit('wait', [gate], { key: 'k' })
  await arrived(gate)
  const tasks = options.map((own, i) => submit('note', [log, i, 0], { ...own, key: 'k' }))
  change(tasks)
  openGate(gate)
  await Promise.all([holder, ...tasks].map(task => task.result()))
  return [...new Int32Array(log)].slice(1, 1 + options.length)
}

/** When, in which order and how often tasks run: what their options say. */
export function schedulerTerms(rows: RowSuite): void {
  const onScheduler = testsOnSchedulers(rows)

  onScheduler('the greatest priority goes first, then the earliest deadline, then arrival', async made => {
    const far = Date.now() + 60_000
    const options = [
      { priority: 1 },
      {},
      { priority: 5 },
      { deadline: far + 1_000 },
      { deadline: far },
      { priority: 1 },
    ]
    assert.equal(await orderOf(made, options), [2, 0, 5, 4, 3, 1])
  })

  onScheduler('setPriority moves what waits, and nothing else', async made => {
    const order = await orderOf(made, [{}, {}, { priority: 3 }, {}], tasks => {
      assert.is(tasks[3]!.setPriority(7), true)
      assert.is(tasks[2]!.setPriority(0), true)
    })
    assert.equal(order, [3, 0, 1, 2])
    const done = made.submit('echo', [1])
    await done.result()
    assert.is(done.setPriority(1), false)
  })

  onScheduler('tasks of one key run one after another, and others beside them', async ({ submit }) => {
    const gates = [newGate(), newGate()] as const
    const first = submit('wait', [gates[0]], { key: 'k' })
    const second = submit('wait', [gates[1]], { key: 'k' })
    await arrived(gates[0])
    await submit('echo', [1], { key: 'other' }).result()
    assert.equal([second.state, arrivals(gates[1])], ['SUBMITTED', 0])
    openGate(gates[0])
    await first.result()
    await arrived(gates[1])
    openGate(gates[1])
    await second.result()
    assert.ok(second.timestamps.start! >= first.timestamps.done!)
  })

  onScheduler('a task that fails is tried again as often as it may be', async ({ scheduler, submit }) => {
    const flaky = submit('tryUntil', [3], { retries: { limit: 5, delay: 1 } })
    assert.is(await flaky.result(), 3)
    assert.is(scheduler.taskInfo(flaky).attempt, 3)
    const hopeless = submit('tryUntil', [9], { retries: { limit: 2, delay: 1 } })
    assert.is(((await reasonOf(hopeless.result())) as Error).message, 'attempt 3')
    assert.equal([hopeless.state, scheduler.taskInfo(hopeless).attempt], ['FAILED', 3])
  })

  onScheduler('what is tried again keeps the turn of its key', async ({ submit }) => {
    const flaky = submit('tryUntil', [3], { key: 'k', retries: { limit: 5, delay: 20 } })
    const next = submit('echo', [1], { key: 'k' })
    await Promise.all([flaky.result(), next.result()])
    assert.ok(next.timestamps.start! >= flaky.timestamps.done!)
  })

  onScheduler('a delayed task is SCHEDULED until its time, and not before', async ({ scheduler, submit }) => {
    const later = submit('echo', [1], { delay: 30 })
    assert.is(scheduler.taskState(later), 'SCHEDULED')
    await later.result()
    const { submit: submitted, start = 0 } = later.timestamps
    assert.ok(start - submitted >= 30, `${start - submitted}`)
  })

  onScheduler('queueTimeout ends what waits, and never what runs', async ({ scheduler, submit }) => {
    const gate = newGate()
    const running = submit('wait', [gate], { key: 'k', queueTimeout: 60_000 })
    await arrived(gate)
    const queued = submit('echo', [1], { key: 'k', queueTimeout: 20 })
    assert.is((await rejectionOf(queued.result(), TaskTimeoutError)).limit, 'queueTimeout')
    assert.equal([scheduler.taskState(queued), queued.timestamps.start], ['TIMED_OUT', undefined])
    assert.is(scheduler.taskState(running), 'STARTED')
    openGate(gate)
    await running.result()
  })

  onScheduler('deadline ends what waits and what runs', async ({ scheduler, submit }) => {
    const gate = newGate()
    const running = submit('wait', [gate], { key: 'k' })
    await arrived(gate)
    const tasks = [
      submit('wait', [gate], { deadline: Date.now() + 300 }),
      submit('echo', [1], { key: 'k', deadline: Date.now() + 20 }),
    ]
    for (const task of tasks) {
      assert.is((await rejectionOf(task.result(), TaskTimeoutError)).limit, 'deadline')
      assert.is(scheduler.taskState(task), 'TIMED_OUT')
    }
    openGate(gate)
    await running.result()
  })

  onScheduler('one AbortSignal ends what waits and what runs, with its reason', async made => {
    const { scheduler, submit } = made
    const controller = new AbortController()
    const { signal } = controller
    const gate = newGate()
    const running = submit('wait', [gate], { key: 'k', signal })
    await arrived(gate)
    const tasks = [
      running,
      submit('echo', [1], { key: 'k', signal }),
      submit('echo', [2], { delay: 60_000, signal }),
    ]
    const planted = new Error('planted')
    controller.abort(planted)
    for (const task of tasks) {
      assert.is(await reasonOf(task.result()), planted)
      assert.is(scheduler.taskState(task), 'CANCELED')
    }
    assert.is(await reasonOf(submit('echo', [3], { signal }).result()), planted)
    openGate(gate)
    await eventually('nothing goes on', () => scheduler.countTasks({ state: 'RUNNING' }) === 0)
  })
}
