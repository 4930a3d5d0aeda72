import { SchedulerThread, TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { arrivals, arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'
import { Witness } from './witness.js'

const test = suite('faults: time')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/plain.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof plain, 'a' | 'other'>({ tasks, lanes: { a: {}, other: {} } })
const HOUR_MS = 3_600_000
const BEYOND_A_TIMER = 2 ** 31

const wallClock = Date.now
test.after.each(() => {
  Date.now = wallClock
})

function jump(milliseconds: number): void {
  Date.now = () => wallClock() + milliseconds
}

both('a delay above 2^31-1 ms', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const marks = newGate()
  const delays = [2 ** 31 - 1, BEYOND_A_TIMER, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER]
  const delayed = delays.map(delay => a.submit('mark', [marks], { delay }))
  const soon = a.submit('echo', ['soon'], { delay: 20 })
  assert.is(soon.state, 'SCHEDULED')
  assert.is(await soon.result(), 'soon')
  assert.is(await delayed[0]?.wait({ timeout: 100 }), false)
  for (const task of delayed) {
    assert.is(task.state, 'SCHEDULED')
    assert.is(task.cancel(), true)
  }
  assert.is(arrivals(marks), 0)
  await witness.kept()
})

both('limits above 2^31-1 ms do not run out at once', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()
  const running = [
    a.submit('wait', [gate], { timeout: BEYOND_A_TIMER }),
    a.submit('wait', [gate], { deadline: Date.now() + BEYOND_A_TIMER }),
    a.submit('wait', [gate], { timeout: 2 ** 40, queueTimeout: 2 ** 40, deadline: 2 ** 50 }),
  ]
  await arrived(gate, running.length)
  const delayed = a.submit('wait', [gate], { delay: 100, queueTimeout: BEYOND_A_TIMER })
  assert.is(await delayed.wait({ timeout: 200 }), false)
  const waiting = delayed.wait({ timeout: BEYOND_A_TIMER })
  assert.is(await Promise.race([waiting, running[0]!.wait({ timeout: 50 })]), false)
  openGate(gate)
  assert.is(await waiting, true)
  for (const task of [...running, delayed]) assert.is(await task.result(), 1)
})

both('a grace above 2^31-1 ms is not over at once', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { grace: BEYOND_A_TIMER } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  const ignoring = a.submit('wait', [gate])
  await arrived(gate)
  ignoring.cancel()
  assert.is(await a.run('echo', ['the abort has been seen']), 'the abort has been seen')
  await a.submit('echo', [1], { delay: 100 }).result()
  assert.is((await scheduler.stats()).abandoned, 0)
  openGate(gate)
  await scheduler.close({ timeout: 1_000 })
})

both('a startTimeout above 2^31-1 ms is not over at once', async launch => {
  await using scheduler = await launch<typeof plain, 'a'>({
    tasks,
    lanes: { a: { startTimeout: BEYOND_A_TIMER } },
  })
  assert.is(await scheduler.lanes.a.run('echo', ['alive']), 'alive')
})

both('a timeout of stop() and close() above 2^31-1 ms is not over at once', async launch => {
  for (const end of ['stop', 'close'] as const) {
    const gate = newGate()
    const scheduler = await launch({
      tasks: new URL('./tasks/slow-teardown.js', import.meta.url),
      lanes: { a: { workerData: gate } },
    })
    await scheduler[end]({ timeout: BEYOND_A_TIMER })
    assert.is(arrivals(gate), 1, `the teardown had the time it needs, in ${end}()`)
  }
})

both('the wall clock jumps an hour: forward', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const gate = newGate()
  const minute = 60_000
  const submitted = Date.now()
  const limited = [
    a.submit('wait', [gate], { deadline: submitted + minute }),
    a.submit('wait', [gate], { timeout: minute }),
    a.submit('wait', [gate], { queueTimeout: minute }),
  ]
  await arrived(gate, limited.length)
  const delayed = a.submit('echo', [1], { delay: minute })
  const unsent = a.submit('echo', [1], { delay: 150, deadline: submitted + minute })
  jump(HOUR_MS)
  assert.is(await limited[0]!.wait({ timeout: 50 }), false)
  assert.is(await unsent.result(), 1)
  for (const task of limited) assert.is(task.state, 'STARTED')
  assert.is(delayed.state, 'SCHEDULED')
  openGate(gate)
  for (const task of limited) {
    assert.is(await task.result(), 1)
    const { submit, start = Number.NaN, done = Number.NaN } = task.timestamps
    assert.ok(submit <= start && start <= done, `in order: ${JSON.stringify(task.timestamps)}`)
    assert.ok(done < submitted + minute, `and no jump: ${JSON.stringify(task.timestamps)}`)
  }
  assert.is(delayed.cancel(), true)

  // A deadline given after the jump is one of the new time.
  assert.is(await a.run('echo', [2], { deadline: Date.now() + minute }), 2)
  await witness.kept()
})

both('the wall clock jumps an hour: back', async launch => {
  await using scheduler = await start(launch)
  const witness = await Witness.of(scheduler, 'other')
  const { a } = witness.lanes
  const gate = newGate()
  const limited = [
    [a.submit('wait', [gate], { deadline: Date.now() + 300 }), 'deadline'],
    [a.submit('wait', [gate], { timeout: 300 }), 'timeout'],
    [a.submit('wait', [gate], { delay: 60_000, queueTimeout: 300 }), 'queueTimeout'],
  ] as const
  const delayed = a.submit('echo', [1], { delay: 50 })
  jump(-HOUR_MS)
  assert.is(await delayed.result(), 1)
  for (const [task, limit] of limited) {
    assert.is((await rejectionOf(task.result(), TaskTimeoutError)).limit, limit)
  }
  // A deadline given after the jump is one of the new time.
  assert.is(await a.run('echo', [2], { deadline: Date.now() + 60_000 }), 2)
  openGate(gate)
  await witness.kept()
})

test.run()
