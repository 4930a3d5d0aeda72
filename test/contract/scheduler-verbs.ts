import type { TaskHandle, TaskOptions, TaskState } from 'multilane'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import { type RowSuite, type SchedulerUnderTest, testsOnSchedulers } from './scheduler-under-test.js'

const CALLBACKS = ['onSubmit', 'onStart', 'onTimeout', 'onError', 'onDone', 'onCancel'] as const
const ENDS = ['timeout', 'error', 'done', 'cancel'] as const

/** All six callbacks, each of which writes its name. */
function callbacks(log: string[]): TaskOptions {
  return Object.fromEntries(CALLBACKS.map(name => [name, () => void log.push(name)]))
}

/** A task for each way to end, ended; all but the last have started. */
async function oneOfEach({ submit, scheduler }: SchedulerUnderTest, options: TaskOptions = {}) {
  const [gate, other] = [newGate(), newGate()]
  const done = submit('echo', [1], options)
  await done.wait()
  const failed = submit('fail', ['planted'], options)
  const timedOut = submit('wait', [other], { ...options, timeout: 40 })
  const canceled = submit('wait', [gate], options)
  await arrived(gate)
  assert.is(scheduler.cancelTask(canceled), true)
  const neverStarted = submit('echo', [1], { ...options, delay: 60_000 })
  assert.is(scheduler.cancelTask(neverStarted), true)
  for (const task of [failed, timedOut, canceled, neverStarted]) {
    assert.is(await scheduler.waitTask(task), true)
  }
  for (const each of [gate, other]) openGate(each)
  return { done, failed, timedOut, canceled, neverStarted }
}

/** The verbs, row by row. */
export function schedulerVerbs(rows: RowSuite): void {
  const onScheduler = testsOnSchedulers(rows)

  onScheduler('taskState, and the states and groups that tasks can be asked by', async made => {
    const { scheduler, submit } = made
    const { countTasks, tasks } = scheduler
    const ids = (state: TaskState | 'RUNNING' | 'FINISHED') => {
      const found = tasks.call(scheduler, { state })
      assert.is(countTasks.call(scheduler, { state }), found.length, state)
      return found.map(({ id }) => id)
    }
    const gate = newGate()
    const submitted = submit('wait', [gate])
    assert.is(scheduler.taskState(submitted), 'SUBMITTED')
    assert.equal([ids('SUBMITTED'), ids('RUNNING')], [[submitted.id], []])
    await arrived(gate)
    assert.is(scheduler.taskState(submitted), 'STARTED')
    assert.equal([ids('SUBMITTED'), ids('STARTED'), ids('RUNNING')], [[], [submitted.id], [submitted.id]])
    const scheduled = submit('echo', [1], { delay: 60_000 })
    assert.is(scheduler.taskState(scheduled), 'SCHEDULED')
    assert.equal(ids('SCHEDULED'), [scheduled.id])
    openGate(gate)
    await submitted.result()
    scheduled.cancel()

    const { done, failed, timedOut, canceled, neverStarted } = await oneOfEach(made)
    assert.is(scheduler.taskState(done), 'DONE')
    assert.is(scheduler.taskState(failed), 'FAILED')
    assert.is(scheduler.taskState(timedOut), 'TIMED_OUT')
    assert.is(scheduler.taskState(canceled), 'CANCELED')
    assert.equal(ids('DONE'), [submitted.id, done.id])
    assert.equal(ids('FAILED'), [failed.id])
    assert.equal(ids('TIMED_OUT'), [timedOut.id])
    assert.equal(ids('CANCELED'), [scheduled.id, canceled.id, neverStarted.id])
    assert.is(ids('FINISHED').length, 7)
    assert.equal([ids('NEW'), ids('RUNNING')], [[], []])
    assert.is(scheduler.countTasks(), 7)
    assert.is(scheduler.tasks({ lane: made.lane }).length, 7)
  })

  onScheduler(
    'the six timestamps are epoch milliseconds with fractions, of a clock that goes on',
    async made => {
      const before = Date.now() - 1
      const { done, failed, timedOut, canceled, neverStarted } = await oneOfEach(made)
      const after = Date.now() + 1
      const ended: [TaskHandle, (typeof ENDS)[number]][] = [
        [done, 'done'],
        [failed, 'error'],
        [timedOut, 'timeout'],
        [canceled, 'cancel'],
      ]
      const all: number[] = []
      for (const [task, end] of ended) {
        const { timestamps } = task
        assert.equal(Object.keys(timestamps), ['submit', 'start', end])
        const times = [timestamps.submit, timestamps.start ?? Number.NaN, timestamps[end] ?? Number.NaN]
        assert.ok(before <= times[0]! && times[0]! <= times[1]! && times[1]! <= times[2]!, `${end}: ${times}`)
        assert.ok(times[2]! <= after, `${end}: ${times}`)
        all.push(...times)
      }
      assert.equal(Object.keys(neverStarted.timestamps), ['submit', 'cancel'])
      assert.ok(all.some(time => !Number.isInteger(time)))
    },
  )

  onScheduler('each callback once, the final one last, and only the one of the outcome', async made => {
    const logs = new Map<string, string[]>()
    const { submit, scheduler } = made
    const logged = (name: string): TaskOptions => {
      const log: string[] = []
      logs.set(name, log)
      return callbacks(log)
    }
    const gate = newGate()
    const ended = [
      submit('echo', [1], logged('onDone')),
      submit('fail', ['planted'], logged('onError')),
      submit('wait', [gate], { ...logged('onTimeout'), timeout: 40 }),
    ]
    for (const task of ended) await scheduler.waitTask(task)
    const canceled = submit('wait', [gate], logged('onCancel'))
    await scheduler.waitTask(canceled, { for: 'RUNNING' })
    scheduler.cancelTask(canceled)
    scheduler.cancelTask(canceled)
    openGate(gate)
    await submit('echo', [1]).result()
    for (const [name, log] of logs) assert.equal(log, ['onSubmit', 'onStart', name])
  })

  onScheduler(
    'callbacks are given the very handle that was answered, and what became of the task',
    async made => {
      const { submit, scheduler } = made
      const given: unknown[][] = []
      const note = (...all: unknown[]): void => void given.push(all)
      const noted = { onStart: note, onDone: note, onError: note, onTimeout: note, onCancel: note }
      const gate = newGate()
      const done = submit('echo', [1], noted)
      const failed = submit('fail', ['planted'], noted)
      const late = submit('wait', [gate], { ...noted, timeout: 40 })
      const canceled = submit('wait', [gate], noted)
      await scheduler.waitTask(canceled, { for: 'RUNNING' })
      scheduler.cancelTask(canceled)
      for (const task of [done, failed, late, canceled]) await scheduler.waitTask(task)
      openGate(gate)
      for (const task of [done, failed, late, canceled]) {
        const outcome = await task.result().catch((error: unknown) => error)
        assert.equal(
          given.filter(([handle]) => handle === task).map(all => all.slice(1)),
          [[], [outcome]],
          task.state,
        )
      }
      assert.is(given.length, 8)
    },
  )

  onScheduler('waitTask is true once the task has ended, and false when its own time is over', async made => {
    const { scheduler, submit } = made
    const gate = newGate()
    const task = submit('wait', [gate])
    assert.is(await scheduler.waitTask(task, { timeout: 20 }), false)
    const waiting = scheduler.waitTask(task, { timeout: 60_000 })
    openGate(gate)
    assert.is(await waiting, true)
    assert.is(scheduler.taskState(task), 'DONE')
    assert.is(await scheduler.waitTask(task, { timeout: 0 }), true)
  })

  onScheduler('waitTask for RUNNING is true once the task has started', async made => {
    const { scheduler, submit } = made
    const gate = newGate()
    const delayed = submit('echo', [1], { delay: 60_000 })
    assert.is(await scheduler.waitTask(delayed, { for: 'RUNNING', timeout: 10 }), false)
    const both = [scheduler.waitTask(delayed, { for: 'RUNNING' }), scheduler.waitTask(delayed)]
    delayed.cancel()
    assert.equal(await Promise.all(both), [false, true], 'ended without having started')
    assert.is(await scheduler.waitTask(delayed, { for: 'RUNNING' }), false)

    const task = submit('wait', [gate])
    assert.is(await scheduler.waitTask(task, { for: 'RUNNING' }), true)
    assert.is(scheduler.taskState(task), 'STARTED')
    assert.is(await scheduler.waitTask(task, { for: 'RUNNING', timeout: 0 }), true)
    openGate(gate)
    assert.is(await scheduler.waitTask(task, { for: 'FINISHED' }), true)
    assert.is(await scheduler.waitTask(task, { for: 'RUNNING' }), true, 'it has started')
  })

  onScheduler('waitTask for RUNNING does not wait for a blocking task to return', async made => {
    const { scheduler, submit } = made
    const gate = newGate()
    const task = submit('block', [gate])
    assert.is(await scheduler.waitTask(task, { for: 'RUNNING' }), true)
    assert.is(scheduler.taskState(task), 'STARTED')
    openGate(gate)
    assert.is(await task.result(), 'passed')
  })

  onScheduler('a task that has ended is answered synchronously too', async made => {
    const { done, failed, timedOut, canceled, neverStarted } = await oneOfEach(made)
    for (const task of [done, failed, timedOut, canceled, neverStarted]) {
      assert.is(task.waitSync({ timeout: 0 }), true)
      assert.is(task.waitSync({ for: 'RUNNING' }), task !== neverStarted)
    }
    assert.is(done.resultSync(), 1)
    for (const task of [failed, timedOut, canceled, neverStarted]) {
      const reason = (await reasonOf(task.result())) as Error
      assert.throws(
        () => task.resultSync(),
        (error: Error) => error.constructor === reason.constructor && error.message === reason.message,
      )
    }
  })

  onScheduler('cancelTask is true only for the call that cancelled', async ({ scheduler, submit }) => {
    const gate = newGate()
    const running = submit('wait', [gate])
    await arrived(gate)
    assert.equal([scheduler.cancelTask(running), scheduler.cancelTask(running)], [true, false])
    const done = submit('echo', [1])
    await done.result()
    assert.is(scheduler.cancelTask(done), false)
    const failed = submit('fail', ['planted'])
    await reasonOf(failed.result())
    assert.is(scheduler.cancelTask(failed), false)
    openGate(gate)
  })

  onScheduler('taskInfo, by handle and by id, before, during and after', async made => {
    const { scheduler, submit, lane } = made
    const gate = newGate()
    const task = submit('wait', [gate], { priority: 7 })
    const { submit: submitted } = task.timestamps
    const common = { id: task.id, name: 'wait', lane, attempt: 1, priority: 7, waitsFor: 0, awaits: [] }
    const { waited = -1, ...early } = scheduler.taskInfo(task) ?? {}
    assert.equal(early, { ...common, state: 'SUBMITTED', timestamps: { submit: submitted }, ran: undefined })
    assert.ok(waited >= 0)
    await arrived(gate)
    const running = scheduler.taskInfo(task.id)!
    assert.equal(running.timestamps, task.timestamps)
    assert.is(running.state, 'STARTED')
    await eventually('time goes on', () => scheduler.taskInfo(task.id)!.ran! > running.ran!)
    assert.is(scheduler.taskInfo(task)?.waited, running.waited)
    openGate(gate)
    await task.result()
    const { start = Number.NaN, done = Number.NaN } = task.timestamps
    const { waited: waitedInAll = -1, ran = -1, ...late } = scheduler.taskInfo(task.id)!
    assert.equal(late, { ...common, state: 'DONE', timestamps: { submit: submitted, start, done } })
    assert.ok(Math.abs(waitedInAll - (start - submitted)) < 0.01)
    assert.ok(Math.abs(ran - (done - start)) < 0.01)
    assert.equal(scheduler.taskInfo(task), scheduler.taskInfo(task.id))
    assert.is(scheduler.taskInfo(task.id + 1), undefined)
  })

  onScheduler('dumpTasks writes name, state and time of each task', async made => {
    const { scheduler, submit, lane } = made
    const gate = newGate()
    const { done, failed, timedOut, canceled } = await oneOfEach(made)
    const running = submit('wait', [gate])
    await eventually('it runs', () => running.state === 'STARTED')
    const written: string[] = []
    const text = scheduler.dumpTasks({ to: { write: chunk => written.push(chunk) } })
    assert.is(written.join(''), text)
    const [head = '', ...rows] = text.trimEnd().split('\n')
    const words = ['queue', 'running', 'timedout', 'failed', 'done', 'canceled']
    assert.equal(head.trim().split(/\s+/), ['id', 'name', 'lane', 'state', ...words])
    assert.is(rows.length, 6)
    // Numbers stand under the end of the word of their column.
    const times = (id: number): string[] => {
      const row = rows.find(line => Number(line.trim().split(/\s+/)[0]) === id) ?? ''
      assert.match(row, lane)
      return words.filter(word => /\d/.test(row[head.indexOf(` ${word}`) + word.length] ?? ''))
    }
    assert.equal(times(running.id), ['queue', 'running'])
    assert.equal(times(done.id), ['queue', 'running', 'done'])
    assert.equal(times(failed.id), ['queue', 'running', 'failed'])
    assert.equal(times(timedOut.id), ['queue', 'running', 'timedout'])
    assert.equal(times(canceled.id), ['queue', 'running', 'canceled'])
    assert.match(rows[0] ?? '', /STARTED/)
    const none = scheduler.dumpTasks({ state: 'SUBMITTED', to: { write: () => {} } })
    assert.equal(none.trimEnd().split('\n').length, 1)
    running.cancel()
    openGate(gate)
  })

  const few = 3
  onScheduler(
    'slowest is the task that has run longest, running or finished, and never forgotten',
    async ({ scheduler, submit }) => {
      assert.is(scheduler.slowest(), undefined)
      const [gate, other] = [newGate(), newGate()]
      const slow = submit('wait', [gate])
      await arrived(gate)
      await eventually('it has run for a while', () => (scheduler.slowest()?.ran ?? 0) > 250)
      assert.is(scheduler.slowest()?.id, slow.id)
      assert.is(scheduler.slowest()?.state, 'STARTED')
      openGate(gate)
      await slow.result()
      for (let i = 0; i < 2 * few; i++) await submit('echo', [i]).result()
      assert.is(scheduler.taskInfo(slow.id), undefined, 'the history has forgotten it')
      assert.is(scheduler.slowest()?.id, slow.id)
      assert.is(scheduler.slowest()?.state, 'DONE')
      const { ran = 0 } = scheduler.slowest()!
      const slower = submit('wait', [other])
      await arrived(other)
      await eventually('it has run longer', () => scheduler.slowest()?.id === slower.id)
      assert.ok(scheduler.slowest()!.ran! > ran)
      openGate(other)
    },
    few,
  )

  onScheduler('currentTask is the one that holds the loop, else the last to start', async made => {
    const { scheduler, submit, lane } = made
    assert.is(scheduler.currentTask(lane), undefined)
    const gates = [newGate(), newGate()] as const
    const first = submit('wait', [gates[0]])
    await arrived(gates[0])
    assert.is(scheduler.currentTask(lane)?.id, first.id)
    const second = submit('wait', [gates[1]])
    await arrived(gates[1])
    assert.is(scheduler.currentTask(lane)?.id, second.id)
    openGate(gates[1])
    await second.result()
    assert.is(scheduler.currentTask(lane)?.id, first.id)
    openGate(gates[0])
    await first.result()
    assert.is(scheduler.currentTask(lane), undefined)
  })

  onScheduler(
    'of several that hold their threads, currentTask is the one that has for longest',
    async made => {
      const { scheduler, submit } = made
      const gates = [newGate(), newGate()] as const
      const first = submit('hold', [gates[0]])
      await arrived(gates[0])
      const second = submit('hold', [gates[1]])
      await arrived(gates[1])
      assert.is(scheduler.currentTask(first.lane)?.id, first.id, 'not the last to start')
      openGate(gates[0])
      await first.result()
      assert.is(scheduler.currentTask(first.lane)?.id, second.id)
      openGate(gates[1])
      await second.result()
      assert.is(scheduler.currentTask(first.lane), undefined)
    },
  )

  onScheduler('it stops and starts again, and remembers', async made => {
    const { scheduler, submit } = made
    const before = submit('echo', [1])
    await before.result()
    const gate = newGate()
    const cut = submit('wait', [gate])
    await scheduler.stop()
    openGate(gate)
    assert.is(scheduler.taskState(cut), 'CANCELED')
    assert.is(scheduler.countTasks({ state: 'FINISHED' }), 2)
    await scheduler.start()
    const after = submit('echo', [2])
    assert.is(await after.result(), 2)
    assert.ok(after.id > cut.id)
    const finished = scheduler.tasks({ state: 'FINISHED' }).map(({ id, state }) => `${id} ${state}`)
    assert.equal(finished, [`${before.id} DONE`, `${cut.id} CANCELED`, `${after.id} DONE`])
  })
}
