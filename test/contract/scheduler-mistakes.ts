import { InvalidArgumentError, type TaskHandle } from 'multilane'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { collectGarbage } from '../support/garbage.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf, rejectionOf, thrownBy } from '../support/rejection.js'
import { type RowSuite, testsOnSchedulers } from './scheduler-under-test.js'

const FINAL = ['DONE', 'FAILED', 'TIMED_OUT', 'CANCELED']

/** What schedulers before this one got wrong. */
export function schedulerMistakes(rows: RowSuite): void {
  const onScheduler = testsOnSchedulers(rows)

  onScheduler('20 blocking tasks do not starve state, wait and cancel', async ({ scheduler, submit }) => {
    const gate = newGate()
    const blocking = Array.from({ length: 20 }, () => submit('block', [gate]))
    await arrived(gate)
    const states = blocking.map(task => scheduler.taskState(task))
    assert.ok(states.includes('STARTED'))
    for (const state of states) assert.match(state, /^(SUBMITTED|SCHEDULED|STARTED)$/)
    const last = blocking.at(-1)!
    assert.is(await scheduler.waitTask(last, { timeout: 5 }), false)
    assert.is(scheduler.cancelTask(last), true)
    assert.is(await scheduler.waitTask(last), true)
    assert.is(scheduler.taskState(last), 'CANCELED')
    const open = scheduler.countTasks() - scheduler.countTasks({ state: 'FINISHED' })
    assert.is(open, 19)
    assert.match(scheduler.dumpTasks({ to: { write: () => {} } }), /STARTED/)
    openGate(gate)
    for (const task of blocking.slice(0, -1)) assert.is(await task.result(), 'passed')
  })

  onScheduler('a queued task cancelled twice: true, then false, and one callback', async made => {
    const { scheduler, submit } = made
    const gate = newGate()
    const blocking = Array.from({ length: 20 }, () => submit('block', [gate]))
    await arrived(gate)
    const log: string[] = []
    const queued = submit('block', [gate], { onCancel: task => log.push(task.state) })
    assert.equal([scheduler.cancelTask(queued), scheduler.cancelTask(queued)], [true, false])
    openGate(gate)
    await Promise.all(blocking.map(task => task.result()))
    assert.is(scheduler.cancelTask(queued), false)
    assert.equal(log, ['CANCELED'])
  })

  onScheduler(
    'no result is lost: asked for early or late, once or often, remembered or not',
    async ({ scheduler, submit }) => {
      const tasks = Array.from({ length: 300 }, (_, i) => submit('echo', [{ i }]))
      const early = tasks.slice(0, 100).map(task => task.result())
      for (const task of tasks) await scheduler.waitTask(task)
      assert.ok(scheduler.countTasks() <= 5)
      const values = await Promise.all([...early, ...tasks.slice(100).map(task => task.result())])
      assert.equal(
        values,
        tasks.map((_, i) => ({ i })),
      )
      assert.equal(await tasks[0]!.result(), { i: 0 })
      const failing = submit('fail', ['planted'])
      await failing.wait()
      for (let round = 0; round < 2; round++) {
        assert.match(((await reasonOf(failing.result())) as Error).message, 'planted')
      }
    },
    5,
  )

  onScheduler('a blocking task that is timed out gives its thread back', async ({ scheduler, submit }) => {
    const gate = newGate()
    const endless = Array.from({ length: 3 }, () => submit('spin', [gate], { timeout: 40 }))
    for (const task of endless) assert.is(await scheduler.waitTask(task), true)
    for (const task of endless) assert.is(scheduler.taskState(task), 'TIMED_OUT')
    const open = newGate()
    openGate(open)
    assert.is(await submit('block', [open]).result(), 'passed')
  })

  onScheduler(
    'options that are used again: each task has the callbacks it was submitted with',
    async made => {
      const told: number[][] = []
      const options: { onDone?: (task: TaskHandle) => void } = {}
      const handles = [1, 2, 3].map(number => {
        options.onDone = ({ id }) => told.push([number, id])
        return made.submit('echo', [number], options)
      })
      delete options.onDone
      await Promise.all(handles.map(task => task.result()))
      await eventually('all were told', () => told.length === 3)
      assert.equal(
        told.sort(([a], [b]) => a! - b!),
        handles.map(({ id }, i) => [i + 1, id]),
      )
    },
  )

  onScheduler('an onDone that throws leaves the task DONE', async ({ scheduler, submit, reported }) => {
    const planted = new RangeError('planted')
    const log: string[] = []
    const task = submit('echo', ['value'], {
      onDone() {
        throw planted
      },
      onError: () => void log.push('onError'),
      onCancel: () => void log.push('onCancel'),
    })
    assert.is(await task.result(), 'value')
    assert.is(scheduler.taskState(task), 'DONE')
    assert.equal(log, [])
    assert.ok(reported.includes(planted))
  })

  onScheduler('an onStart that throws does not leave the task running', async made => {
    const { scheduler, submit, reported } = made
    const planted = new RangeError('planted')
    const log: string[] = []
    const gate = newGate()
    const task = submit('wait', [gate], {
      onStart() {
        throw planted
      },
      onDone: () => void log.push('onDone'),
    })
    await eventually('it was called', () => reported.includes(planted))
    assert.is(scheduler.taskState(task), 'STARTED')
    openGate(gate)
    assert.is(await scheduler.waitTask(task), true)
    assert.is(scheduler.taskState(task), 'DONE')
    assert.is(scheduler.countTasks({ state: 'RUNNING' }), 0)
    assert.equal(log, ['onDone'])
  })

  onScheduler('a wait is never true while the state is not final', async ({ scheduler, submit }) => {
    const gate = newGate()
    const seen: string[] = []
    const watch = async (task: TaskHandle, timeout: number): Promise<void> => {
      if (await scheduler.waitTask(task, { timeout })) seen.push(scheduler.taskState(task))
    }
    const waits: Promise<void>[] = []
    for (let i = 0; i < 200; i++) {
      const kinds = [
        submit('echo', [i]),
        submit('fail', ['planted']),
        submit('wait', [gate], { timeout: i % 20 }),
        submit('wait', [gate]),
      ]
      for (const task of kinds) for (const timeout of [0, i % 10, 60_000]) waits.push(watch(task, timeout))
      setTimeout(() => scheduler.cancelTask(kinds[3]!), i % 30)
    }
    await Promise.all(waits)
    openGate(gate)
    assert.ok(seen.length >= 800)
    for (const state of seen) assert.ok(FINAL.includes(state), state)
  })

  onScheduler('options of a wait that are none: one refusal, and nothing is left behind', async made => {
    const { scheduler, submit } = made
    const strays: unknown[] = []
    const listener = (reason: unknown): void => void strays.push(reason)
    const gate = newGate()
    const running = submit('wait', [gate])
    await arrived(gate)
    const ended = submit('echo', [1])
    await ended.wait()
    process.on('unhandledRejection', listener)
    try {
      for (const options of [null, 5, 'text', [], true] as never[]) {
        for (const task of [running, ended]) {
          assert.is((await rejectionOf(task.wait(options), InvalidArgumentError)).option, 'options')
          const waiting = scheduler.waitTask(task, options)
          assert.is((await rejectionOf(waiting, InvalidArgumentError)).option, 'options')
          for (const call of ['waitSync', 'resultSync'] as const)
            assert.is(thrownBy(() => task[call](options), InvalidArgumentError).option, 'options')
        }
        const dump = thrownBy(() => scheduler.dumpTasks(options), InvalidArgumentError)
        assert.is(dump.option, 'options')
      }
      let reads = 0
      const once = {
        get timeout(): number {
          if (++reads > 1) throw new RangeError('planted')
          return 60_000
        },
      }
      openGate(gate)
      assert.is(await running.wait(once), true)
      await new Promise(resolve => setTimeout(resolve, 5))
      assert.equal(strays, [])
    } finally {
      process.off('unhandledRejection', listener)
    }
  })

  onScheduler(
    'finished tasks are forgotten, and their values with them',
    async ({ scheduler, submit }) => {
      const values: WeakRef<object>[] = []
      for (let i = 0; i < 500; i++)
        values.push(new WeakRef((await submit('echo', [{ i }]).result()) as object))
      assert.is(scheduler.countTasks(), 10)
      assert.is(scheduler.tasks().length, 10)
      await eventually('all values are collected', () => {
        collectGarbage()
        return values.every(value => value.deref() === undefined)
      })
    },
    10,
  )
}
