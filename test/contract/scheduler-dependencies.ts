import { DependencyError, InvalidArgumentError, TaskTimeoutError } from 'multilane'
import * as assert from 'uvu/assert'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import { type RowSuite, testsOnSchedulers } from './scheduler-under-test.js'

/** What `after` promises. */
export function schedulerDependencies(rows: RowSuite): void {
  const onScheduler = testsOnSchedulers(rows)

  onScheduler('after: a task starts when all that it waits for are done', async ({ scheduler, submit }) => {
    const gates = [newGate(), newGate()] as const
    const others = gates.map(gate => submit('wait', [gate]))
    const log: string[] = []
    const task = submit('echo', ['value'], {
      after: others,
      onSubmit: () => log.push('submit'),
      onStart: () => log.push('start'),
      onDone: () => log.push('done'),
    })
    assert.equal([task.state, log], ['SCHEDULED', ['submit']])
    assert.is(scheduler.taskInfo(task)?.waitsFor, 2)
    assert.equal(
      scheduler.tasks({ state: 'SCHEDULED' }).map(({ id, waitsFor }) => [id, waitsFor]),
      [[task.id, 2]],
    )
    openGate(gates[0])
    await others[0]!.result()
    assert.equal([task.state, scheduler.taskInfo(task.id)?.waitsFor], ['SCHEDULED', 1])
    assert.is(await task.wait({ timeout: 20 }), false)
    await others[1]!.wait({ for: 'RUNNING' })
    assert.is(scheduler.currentTask(others[1]!.lane)?.id, others[1]!.id)
    openGate(gates[1])
    assert.is(await task.result(), 'value')
    assert.is(scheduler.taskInfo(task)?.waitsFor, 0)
    assert.ok(task.timestamps.start! >= others[1]!.timestamps.done!)
    assert.equal(log, ['submit', 'start', 'done'])
  })

  onScheduler('after: one that is not done ends those that wait for it, however it ended', async made => {
    const { scheduler, submit } = made
    const gate = newGate()
    const others = [
      submit('fail', ['planted'], { delay: 20 }),
      submit('wait', [gate], { timeout: 20 }),
      submit('wait', [gate]),
    ]
    for (const other of others) {
      const log: string[] = []
      const open = submit('wait', [gate])
      const task = submit('echo', [1], {
        after: [open, other],
        onSubmit: () => log.push('submit'),
        onStart: () => log.push('start'),
        onError: ({ state }) => log.push(`error ${state}`),
        onCancel: () => log.push('cancel'),
        onTimeout: () => log.push('timeout'),
      })
      if (other === others[2]) assert.is(other.cancel('no longer needed'), true)
      const error = (await reasonOf(task.result())) as DependencyError
      assert.instance(error, DependencyError)
      assert.is(error.code, 'ERR_DEPENDENCY_FAILED')
      const { id, name, lane } = other
      assert.equal(error.dependency, { id, name, lane })
      assert.match(error.message, new RegExp(`'echo' .* task '${name}' of lane '${lane}'`))
      const cause = (await reasonOf(other.result())) as Error
      assert.is((error.cause as Error).constructor, cause.constructor)
      assert.is((error.cause as Error).message, cause.message)
      assert.equal([task.state, log], ['FAILED', ['submit', 'error FAILED']])
      assert.equal(Object.keys(task.timestamps), ['submit', 'error'])
      assert.is(await scheduler.waitTask(open, { timeout: 0 }), false)
    }
    openGate(gate)
  })

  onScheduler('after: a failure goes through a chain, each with the one before as its cause', async made => {
    const { submit } = made
    const gate = newGate()
    const order: string[] = []
    const first = submit('wait', [gate], { onCancel: () => order.push('first') })
    const second = submit('echo', [2], { after: [first], onError: () => order.push('second') })
    const third = submit('echo', [3], { after: [second], onError: () => order.push('third') })
    first.cancel('planted')
    assert.equal([second.state, third.state], ['FAILED', 'FAILED'])
    assert.equal(order, ['first', 'second', 'third'])
    const error = (await reasonOf(third.result())) as DependencyError
    assert.equal([error.dependency.id, (error.cause as DependencyError).dependency.id], [second.id, first.id])
    assert.match(((error.cause as Error).cause as Error).message, /planted/)
    openGate(gate)
  })

  onScheduler('after: what has ended, the same one twice, nothing', async ({ submit }) => {
    const done = submit('echo', [1])
    const failed = submit('fail', ['planted'])
    await Promise.all([done.wait(), failed.wait()])
    assert.is(await submit('echo', [2], { after: [done, done] }).result(), 2)
    assert.is(await submit('echo', [3], { after: [] }).result(), 3)
    const log: string[] = []
    const task = submit('echo', [4], {
      after: [done, failed],
      onSubmit: () => log.push('submit'),
      onError: () => log.push('error'),
    })
    assert.instance(await reasonOf(task.result()), DependencyError)
    assert.equal(log, ['submit', 'error'])
    const gate = newGate()
    const open = submit('wait', [gate])
    const twice = submit('echo', [5], { after: [open, done, open] })
    openGate(gate)
    assert.is(await twice.result(), 5)
  })

  onScheduler('after: not a handle, and not an array', async ({ submit }) => {
    const done = submit('echo', [1])
    const refused = (after: unknown): string => {
      try {
        submit('echo', [2], { after: after as never })
      } catch (error) {
        assert.instance(error, InvalidArgumentError)
        return (error as InvalidArgumentError).option
      }
      throw new Error('it was taken')
    }
    assert.is(refused([done, done, done.result()]), 'after[2]')
    assert.is(refused([undefined]), 'after[0]')
    assert.is(refused(new Array(2)), 'after[0]')
    assert.is(refused(done), 'after')
    assert.is(refused(null), 'after')
  })

  onScheduler('after: the attempts of what it waits for are one task', async ({ scheduler, submit }) => {
    const other = submit('fail', ['planted'], { retries: { limit: 2, delay: 20 } })
    const task = submit('echo', [1], { after: [other] })
    assert.is(await scheduler.waitTask(task), true)
    assert.is(scheduler.taskState(task), 'FAILED')
    assert.equal([other.state, scheduler.taskInfo(other)?.attempt], ['FAILED', 3])
  })

  onScheduler('after, and limits: of waiting, of time, and a delay beside it', async ({ submit }) => {
    const gate = newGate()
    const open = submit('wait', [gate])
    const tired = submit('echo', [1], { after: [open], queueTimeout: 20 })
    const late = submit('echo', [1], { after: [open], deadline: Date.now() + 20 })
    for (const [task, limit] of [[tired, 'queueTimeout'] as const, [late, 'deadline'] as const]) {
      const error = (await reasonOf(task.result())) as TaskTimeoutError
      assert.instance(error, TaskTimeoutError)
      assert.equal([task.state, error.limit], ['TIMED_OUT', limit])
    }
    const soon = submit('echo', ['soon'], { after: [open], delay: 5 })
    const later = submit('echo', ['later'], { after: [open], delay: 120 })
    assert.is(await soon.wait({ timeout: 30 }), false, 'its time alone does not start it')
    openGate(gate)
    assert.is(await soon.result(), 'soon')
    assert.is(await later.result(), 'later')
    assert.ok(later.timestamps.start! - later.timestamps.submit >= 119)
  })

  onScheduler('after: one that waits for others may be cancelled, and moved', async made => {
    const { submit, scheduler } = made
    const gate = newGate()
    const open = submit('wait', [gate])
    const log: string[] = []
    const controller = new AbortController()
    const canceled = submit('echo', [1], { after: [open], onCancel: () => log.push('cancel') })
    const aborted = submit('echo', [1], { after: [open], signal: controller.signal })
    assert.equal([scheduler.cancelTask(canceled), scheduler.cancelTask(canceled)], [true, false])
    controller.abort(new RangeError('planted'))
    assert.equal([canceled.state, aborted.state, log], ['CANCELED', 'CANCELED', ['cancel']])
    const order: unknown[] = []
    const onDone = (_: unknown, value: unknown) => order.push(value)
    const tasks = ['usual', 'moved', 'first'].map((name, i) =>
      submit('echo', [name], { after: [open], priority: i === 2 ? 2 : 0, onDone }),
    )
    assert.is(tasks[1]!.setPriority(1), true)
    assert.is(scheduler.taskInfo(tasks[1]!)?.priority, 1)
    openGate(gate)
    await Promise.all(tasks.map(task => task.result()))
    assert.equal(order, ['first', 'moved', 'usual'])
    assert.is(tasks[1]!.setPriority(3), false)
  })

  onScheduler('after: stop() cancels those that wait, and not for another', async ({ scheduler, submit }) => {
    const gate = newGate()
    const open = submit('wait', [gate])
    const first = submit('echo', [1], { after: [open] })
    const second = submit('echo', [2], { after: [first, open] })
    await arrived(gate)
    await scheduler.stop()
    openGate(gate)
    assert.equal([open.state, first.state, second.state], ['CANCELED', 'CANCELED', 'CANCELED'])
    await scheduler.start()
    const third = submit('echo', [3], { after: [open] })
    assert.instance(await reasonOf(third.result()), DependencyError)
    assert.is(arrivals(gate), 1)
  })
}
