import { SchedulerThread, type TaskOptions } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { reasonOf } from '../support/rejection.js'
import type * as throwers from './tasks/throwers.js'
import { Witness } from './witness.js'

const test = suite('faults: callbacks')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/throwers.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof throwers, 'a' | 'other'>({ tasks, lanes: { a: { grace: 20 }, other: {} } })

const CALLBACKS = ['onSubmit', 'onStart', 'onDone', 'onError', 'onTimeout', 'onCancel'] as const

/** All six callbacks, each of which writes its name and the state it finds, and then does as it is told. */
function callbacks(log: string[], then: (name: string) => void = () => {}): TaskOptions {
  const entries = CALLBACKS.map(name => [
    name,
    (task: { state: string }) => {
      log.push(`${name} ${task.state}`)
      then(name)
    },
  ])
  return Object.fromEntries(entries)
}

both('each once, in order, for each outcome', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()

  const done: string[] = []
  assert.is(await a.run('echoLater', [1], callbacks(done)), 1)
  assert.equal([done[0], done.at(-1), done.length], ['onSubmit SUBMITTED', 'onDone DONE', 3])
  assert.match(done[1] ?? '', /^onStart (STARTED|DONE)$/)

  const failed: string[] = []
  await reasonOf(a.run('throwPayment', [], callbacks(failed)))
  assert.equal([failed[0], failed.at(-1), failed.length], ['onSubmit SUBMITTED', 'onError FAILED', 3])

  const timedOut: string[] = []
  await reasonOf(a.run('wait', [gate], { ...callbacks(timedOut), timeout: 50 }))
  assert.equal(timedOut, ['onSubmit SUBMITTED', 'onStart STARTED', 'onTimeout TIMED_OUT'])

  const cancelled: string[] = []
  const running = a.submit('wait', [gate], callbacks(cancelled))
  await eventually('it says that it has started', () => cancelled.length === 2)
  assert.is(running.cancel(), true)
  assert.equal(cancelled, ['onSubmit SUBMITTED', 'onStart STARTED', 'onCancel CANCELED'])

  const notStarted: string[] = []
  const waiting = a.submit('echo', [1], { ...callbacks(notStarted), delay: 60_000 })
  waiting.cancel()
  assert.equal(notStarted, ['onSubmit SCHEDULED', 'onCancel CANCELED'])

  const unknown: string[] = []
  await reasonOf(a.run('ecco' as 'echo', [1], callbacks(unknown)))
  assert.equal(unknown, ['onSubmit SUBMITTED', 'onError FAILED'])
  openGate(gate)
})

both('what they are called with', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const calls: unknown[][] = []
  const note = (...args: unknown[]): void => void calls.push(args)
  const done = a.submit('echo', ['value'], { onSubmit: note, onDone: note })
  await done.result()
  assert.is(calls.length, 2)
  assert.is((calls[0]![0] as typeof done).id, done.id)
  assert.is((calls[1]![0] as typeof done).id, done.id)
  assert.is(calls[1]?.[1], 'value')

  const reason = new Error('why')
  const cancelled = a.submit('echo', [1], { delay: 60_000, onCancel: note })
  cancelled.cancel(reason)
  const error = await reasonOf(cancelled.result())
  assert.is(calls[2]?.[1], error)
})

both('onStart comes while the task runs, also when its lane is blocked right after', async launch => {
  await using scheduler = await start(launch)
  const log: string[] = []
  const gate = newGate()
  const task = scheduler.lanes.a.submit('wait', [gate], callbacks(log))
  await eventually('it says that it has started', () => log.includes('onStart STARTED'))
  assert.is(task.state, 'STARTED')
  openGate(gate)
  assert.is(await task.result(), 1)
})

both('a callback that throws', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const reported: unknown[] = []
  scheduler.on('error', error => reported.push(error))
  const gate = newGate()
  const fail = (name: string): void => {
    throw new RangeError(name)
  }
  const tasksOf = [
    [a.submit('echo', [1], callbacks([], fail)), 'DONE', 'onDone'],
    [a.submit('throwPayment', [], callbacks([], fail)), 'FAILED', 'onError'],
    [a.submit('wait', [gate], { ...callbacks([], fail), timeout: 30 }), 'TIMED_OUT', 'onTimeout'],
  ] as const
  for (const [task, state, callback] of tasksOf) {
    const [outcome] = await Promise.allSettled([task.result()])
    assert.is(task.state, state)
    assert.is(outcome.status, state === 'DONE' ? 'fulfilled' : 'rejected')
    assert.ok(
      reported.some(error => error instanceof RangeError && error.message === callback),
      callback,
    )
  }
  assert.is(reported.length, 3 * tasksOf.length)
  assert.is(await a.run('echo', ['alive']), 'alive')
  openGate(gate)
  await witness.kept()
})

both('a callback that throws, and is async', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const reported: unknown[] = []
  scheduler.on('error', error => reported.push(error))
  const onDone = async (): Promise<void> => {
    await Promise.resolve()
    throw new RangeError('onDone')
  }
  assert.is(await a.run('echo', [1], { onDone }), 1)
  await eventually('it is reported', () => reported.length > 0)
  assert.equal(
    reported.map(error => error instanceof RangeError && error.message),
    ['onDone'],
  )
})

both('a callback that cancels its own task', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const gate = newGate()
  const decided: Record<string, boolean> = {}
  const cancelIn = (name: string) => ({
    [name]: (task: { cancel(): boolean }) => {
      decided[name] = task.cancel()
    },
  })

  const submitted = a.submit('echo', [1], cancelIn('onSubmit'))
  assert.is(submitted.state, 'CANCELED')
  const started = a.submit('wait', [gate], cancelIn('onStart'))
  await arrived(gate)
  await reasonOf(started.result())
  assert.is(started.state, 'CANCELED')
  const done = a.submit('echo', [1], cancelIn('onDone'))
  assert.is(await done.result(), 1)
  assert.is(done.state, 'DONE')
  const failed = a.submit('throwPayment', [], cancelIn('onError'))
  await reasonOf(failed.result())
  assert.is(failed.state, 'FAILED')
  const timedOut = a.submit('wait', [gate], { timeout: 20, ...cancelIn('onTimeout') })
  await reasonOf(timedOut.result())
  assert.is(timedOut.state, 'TIMED_OUT')
  const cancelled = a.submit('echo', [1], { delay: 60_000, ...cancelIn('onCancel') })
  assert.is(cancelled.cancel(), true)
  assert.equal(decided, {
    onSubmit: true,
    onStart: true,
    onDone: false,
    onError: false,
    onTimeout: false,
    onCancel: false,
  })
  openGate(gate)
  await witness.kept()
})

both('a callback that submits, and one that closes', async launch => {
  const scheduler = await start(launch)
  const { a } = scheduler.lanes
  const made: Promise<unknown>[] = []
  await a.run('echo', [1], { onDone: () => void made.push(a.run('echo', ['again'])) })
  assert.is(await made[0], 'again')
  assert.is(await a.run('echo', [1], { onDone: () => void made.push(scheduler.close()) }), 1)
  await made[1]
  assert.is(made.length, 2)
})

both(
  'a listener of errors that throws is uncaught in a turn of its own, and nothing else notices',
  async launch => {
    const uncaught: unknown[] = []
    const note = (error: unknown): void => void uncaught.push(error)
    process.on('uncaughtException', note)
    try {
      const scheduler = await start(launch)
      scheduler.on('error', error => {
        throw error
      })
      const { a } = scheduler.lanes
      const thrower = (): never => {
        throw new RangeError('planted')
      }
      const done = Array.from({ length: 6 }, () => a.submit('echoLater', [1], { onDone: thrower }))
      for (const task of done) assert.is(await task.result(), 1)
      const controller = new AbortController()
      const gate = newGate()
      const cancelled = Array.from({ length: 3 }, () =>
        a.submit('wait', [gate], { signal: controller.signal, onCancel: thrower }),
      )
      controller.abort()
      for (const task of cancelled) assert.is(await task.wait(), true)
      assert.ok(cancelled.every(task => task.state === 'CANCELED'))
      await scheduler.stop()
      await scheduler.start()
      assert.is(await scheduler.lanes.a.run('echoLater', [2]), 2)
      await eventually('each is uncaught', () => uncaught.length === 9)
      openGate(gate)
      await scheduler.close()
    } finally {
      process.off('uncaughtException', note)
    }
  },
)

both('what one throws may have no text at all', async launch => {
  await using scheduler = await start(launch)
  const warnings: string[] = []
  const note = (warning: Error): number => warnings.push(warning.message)
  process.on('warning', note)
  const onDone = () => {
    throw Object.create(null)
  }
  const handles = [1, 2].map(value => scheduler.lanes.a.submit('echo', [value], { onDone }))
  assert.equal(await Promise.all(handles.map(handle => handle.result())), [1, 2])
  await eventually('both are told', () => warnings.length === 2)
  process.off('warning', note)
  assert.equal(warnings, ['an object was thrown', 'an object was thrown'])
})

test.run()
