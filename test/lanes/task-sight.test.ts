import { InvalidArgumentError, SchedulerThread, type TextSink } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { thrownBy } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: sight of tasks')

const tasks = new URL('./tasks/plain.js', import.meta.url)
const quiet: TextSink = { write: () => {} }
const start = (options: { history?: number; threads?: number } = {}) => {
  const { threads = 1, ...rest } = options
  return SchedulerThread.start<typeof plain, 'a' | 'b'>({
    tasks,
    lanes: { a: { grace: 20, threads, queue: { limit: 1_000_000 } }, b: {} },
    ...rest,
  })
}

test('all of it is true while the loop of the lane is blocked', async () => {
  await using scheduler = await start()
  const { a, b } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  const waiting = Array.from({ length: 500 }, (_, i) => a.submit('echo', [i]))
  await b.run('echo', [1])
  await arrived(gate)
  assert.is(scheduler.currentTask('a')?.id, blocking.id)
  assert.is(scheduler.currentTask('b'), undefined)
  assert.is(scheduler.taskInfo(blocking.id)?.state, 'STARTED')
  const { ran = 0 } = scheduler.taskInfo(blocking)
  await eventually('time goes on', () => scheduler.taskInfo(blocking).ran! > ran)
  await eventually('it is the slowest', () => scheduler.slowest()?.id === blocking.id)
  assert.is(scheduler.countTasks({ state: 'RUNNING' }), 1)
  assert.is(scheduler.countTasks({ state: 'SCHEDULED' }) + scheduler.countTasks({ state: 'SUBMITTED' }), 500)
  assert.ok(scheduler.countTasks({ state: 'SCHEDULED' }) > 0, 'some have been sent')
  assert.is(scheduler.countTasks({ lane: 'b' }), 1)
  assert.is(scheduler.countTasks({ lane: 'b', state: 'RUNNING' }), 0)
  assert.equal(
    scheduler.tasks({ lane: 'a' }).map(({ id }) => id),
    [blocking, ...waiting].map(({ id }) => id),
  )
  const rows = scheduler.dumpTasks({ to: quiet }).trimEnd().split('\n')
  assert.is(rows.length, 1 + 502)
  assert.match(rows[1]!, / block +a +STARTED /)
  assert.match(rows[2]!, / echo +a +SCHEDULED /)
  assert.match(rows.at(-1)!, / echo +b +DONE /)

  assert.is(blocking.cancel(), true)
  assert.is(scheduler.currentTask('a')?.state, 'CANCELED', 'it still holds the loop')
  openGate(gate)
  for (const task of waiting) await task.result()
  assert.is(scheduler.countTasks({ state: 'DONE' }), 501)
})

test('all of it is true while main is blocked', async () => {
  await using scheduler = await start()
  const gate = newGate()
  const marked = scheduler.lanes.a.submit('mark', [gate])
  const limited = scheduler.lanes.b.submit('wait', [newGate()], { timeout: 50 })
  await limited.wait({ for: 'RUNNING' })
  await arrived(gate)
  // Not a turn of this thread's loop from here on.
  const end = performance.now() + 10_000
  while (!(marked.state === 'DONE' && limited.state === 'TIMED_OUT') && performance.now() < end);
  const later = performance.now() + 30
  while (performance.now() < later);
  assert.is(scheduler.taskInfo(marked.id)?.state, 'DONE')
  assert.is(scheduler.countTasks({ state: 'FINISHED' }), 2)
  const seen = scheduler.taskInfo(limited)
  assert.equal(Object.keys(seen.timestamps), ['submit', 'start', 'timeout'])
  assert.ok(Math.abs(seen.ran! - 50) < 1, `it was ended after 50 ms, not ${seen.ran}`)
  await limited.wait()
  assert.equal(scheduler.taskInfo(limited), seen, 'and what was told stands')
})

test('several threads: of the tasks that hold loops it is the one that has for the longest', async () => {
  await using scheduler = await start({ threads: 2 })
  const gates = [newGate(), newGate()] as const
  const first = scheduler.lanes.a.submit('block', [gates[0]])
  await arrived(gates[0])
  const second = scheduler.lanes.a.submit('block', [gates[1]])
  await arrived(gates[1])
  assert.is(scheduler.currentTask('a')?.id, first.id)
  openGate(gates[0])
  await first.result()
  assert.is(scheduler.currentTask('a')?.id, second.id)
  openGate(gates[1])
})

test('the history is as long as it is told to be', async () => {
  for (const history of [0, 3]) {
    await using scheduler = await start({ history })
    const handles = Array.from({ length: 10 }, (_, i) => scheduler.lanes.a.submit('echo', [i]))
    for (const task of handles) await task.result()
    assert.is(scheduler.countTasks(), history)
    assert.equal(
      scheduler.tasks().map(({ id }) => id),
      handles.slice(10 - history).map(({ id }) => id),
    )
    assert.is(scheduler.taskInfo(handles[0]!.id), undefined)
    assert.is(scheduler.taskInfo(handles[0]!).state, 'DONE', 'a handle remembers by itself')
    assert.is(scheduler.slowest()?.state, 'DONE')
  }
})

test('a table of a hundred thousand tasks has a thousand rows, and says what it leaves out', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  for (let i = 0; i < 50; i++) await a.run('echo', [i])
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  await arrived(gate)
  const controller = new AbortController()
  for (let i = 0; i < 100_000; i++) a.run('echo', [i], { signal: controller.signal }).catch(() => {})
  const lines = scheduler.dumpTasks({ to: quiet }).trimEnd().split('\n')
  assert.is(lines.length, 1 + 1000 + 1)
  assert.match(lines[1]!, / STARTED /)
  assert.is(lines.at(-1), 'left out: 0 running, 99001 waiting, 50 finished')
  const finished = scheduler.dumpTasks({ state: 'FINISHED', to: quiet }).trimEnd().split('\n')
  assert.is(finished.length, 51)
  assert.match(finished[1]!, /^ *50 /)
  assert.is(
    scheduler.countTasks({ state: 'SUBMITTED' }) + scheduler.countTasks({ state: 'SCHEDULED' }),
    100_000,
  )
  controller.abort()
  openGate(gate)
  await blocking.result()
})

test('before its start and after its end a scheduler has nothing, and what it remembers', async () => {
  const scheduler = new SchedulerThread<typeof plain, 'a'>({ tasks, lanes: { a: {} } })
  assert.equal([scheduler.tasks(), scheduler.countTasks(), scheduler.slowest()], [[], 0, undefined])
  assert.equal([scheduler.taskInfo(1), scheduler.currentTask('a')], [undefined, undefined])
  assert.match(scheduler.dumpTasks({ to: quiet }), /^id +name.*\n$/)
  await scheduler.start()
  const task = scheduler.lanes.a.submit('echo', [1])
  await task.result()
  await scheduler.close()
  assert.is(scheduler.countTasks({ state: 'DONE' }), 1)
  assert.is(scheduler.taskInfo(task.id)?.name, 'echo')
  assert.is(scheduler.currentTask('a'), undefined)
})

test('a task that was started anew has its attempt, and its last start', async () => {
  await using scheduler = await start({ threads: 1 })
  const { a } = scheduler.lanes
  const [gate, spinning] = [newGate(), newGate()]
  const task = a.submit('wait', [gate], { idempotent: true })
  await arrived(gate)
  const { start: first = Number.NaN } = task.timestamps
  // It takes the thread with it.
  const killer = a.submit('spin', [spinning])
  await arrived(spinning)
  killer.cancel()
  await arrived(gate, 2)
  const { attempt, state, timestamps } = scheduler.taskInfo(task)
  assert.equal([attempt, state], [2, 'STARTED'])
  assert.ok(timestamps.start! > first)
  assert.is(await task.wait({ for: 'RUNNING' }), true)
  openGate(gate)
  assert.is(await task.result(), 2)
  assert.is(scheduler.taskInfo(task.id)?.attempt, 2)
})

test('bad arguments are refused by name', async () => {
  await using scheduler = await start()
  const task = scheduler.lanes.a.submit('echo', [1])
  const refused: [() => unknown, string][] = [
    [() => scheduler.currentTask('c' as 'a'), 'lane'],
    [() => scheduler.tasks({ lane: 'c' }), 'lane'],
    [() => scheduler.tasks({ state: 'RUNING' as 'RUNNING' }), 'state'],
    [() => scheduler.tasks({ sate: 'DONE' } as never), 'filter.sate'],
    [() => scheduler.tasks(null as never), 'filter'],
    [() => scheduler.countTasks({ state: 3 as never }), 'state'],
    [() => scheduler.dumpTasks({ lane: 'c' }), 'lane'],
    [() => scheduler.dumpTasks({ to: {} as TextSink }), 'to'],
    [() => scheduler.dumpTasks({ to: null as never }), 'to'],
    [() => scheduler.dumpTasks({ too: quiet } as never), 'options.too'],
    [() => scheduler.taskInfo(Number.NaN), 'task'],
    [() => scheduler.taskInfo('1' as never), 'task'],
    [() => scheduler.taskInfo({} as never), 'task'],
  ]
  for (const [call, option] of refused) {
    const error = thrownBy(call, InvalidArgumentError)
    assert.equal([error.code, error.option], ['ERR_INVALID_ARG', option])
  }
  for (const [options, option] of [
    [{ for: 'DONE' }, 'for'],
    [{ for: 'RUNNING', timeout: Number.NaN }, 'timeout'],
    [{ fro: 'RUNNING' }, 'options.fro'],
  ] as const) {
    const reason = await scheduler.waitTask(task, options as never).catch(error => error)
    assert.instance(reason, InvalidArgumentError)
    assert.is(reason.option, option)
  }
  for (const history of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_000_001, '5', null]) {
    const error = thrownBy(
      () => new SchedulerThread({ tasks, lanes: { a: {} }, history: history as number }),
      InvalidArgumentError,
    )
    assert.is(error.option, 'history')
  }
  for (const signal of ['SIGKILL', 'SIGSTOP', 'SIGNONE', 'sigusr2', 12, null, true]) {
    const error = thrownBy(
      () => new SchedulerThread({ tasks, lanes: { a: {} }, dumpOnSignal: signal as 'SIGUSR2' }),
      InvalidArgumentError,
    )
    assert.is(error.option, 'dumpOnSignal')
  }
})

test.run()
