import { setTimeout as sleep } from 'node:timers/promises'
import { type RestartEvent, SchedulerThread, type StallEvent } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { runScript } from '../support/node-script.js'
import { reasonOf } from '../support/rejection.js'
import { untilSeen } from './played-stall.js'
import type * as holding from './tasks/holding.js'

const test = suite('lanes: stalls and restarts are reported')

const tasks = new URL('./tasks/holding.js', import.meta.url)

test('a task that holds its loop is told while it does, once, and others are not', async () => {
  await using scheduler = await SchedulerThread.start<typeof holding, 'a' | 'b'>({
    tasks,
    lanes: { a: { stallAfter: 100 }, b: { stallAfter: 100 } },
  })
  const events: StallEvent[] = []
  scheduler.on('stall', event => events.push(event))
  const gate = newGate()
  const running = scheduler.lanes.b.run('rest', [600])
  const blocking = scheduler.lanes.a.submit('block', [gate])
  await eventually('it is told', () => events.length > 0)
  assert.is(blocking.state, 'STARTED', 'while it lasts')
  await running
  openGate(gate)
  await blocking.result()
  assert.is(events.length, 1)
  const [{ lane, thread, task, silent } = {} as StallEvent] = events
  assert.equal([lane, task], ['a', { id: blocking.id, name: 'block' }])
  assert.type(thread, 'number')
  assert.ok(silent >= 100, `${silent} ms`)
})

test('each stall of a lane is told, and by default an urgent lane is watched more closely', async () => {
  await using scheduler = await SchedulerThread.start<typeof holding, 'urgent' | 'other'>({
    tasks,
    lanes: { urgent: { priority: 'user-blocking' }, other: {} },
  })
  const events: StallEvent[] = []
  scheduler.on('stall', event => events.push(event))
  const { urgent, other } = scheduler.lanes
  const ids: number[] = []
  for (let round = 1; round <= 2; round++) {
    const gate = newGate()
    const blocking = urgent.submit('block', [gate])
    const brief = other.run('hold', [200])
    await eventually('it is told', () => events.length === round)
    openGate(gate)
    await blocking.result()
    await brief
    ids.push(blocking.id)
  }
  assert.equal(
    events.map(({ lane, task }) => [lane, task?.id]),
    ids.map(id => ['urgent', id]),
  )
})

test('with Infinity nothing is', async () => {
  await using scheduler = await SchedulerThread.start<typeof holding, 'a'>({
    tasks,
    lanes: { a: { priority: 'user-blocking', stallAfter: Infinity, onStall: 'report' } },
  })
  let events = 0
  scheduler.on('stall', () => events++)
  await scheduler.lanes.a.run('hold', [300])
  await sleep(20)
  assert.is(events, 0)
})

/** Without main, the supervisor has nobody to tell but whoever reads standard error. */
test('while main is blocked, the supervisor writes its own report', async () => {
  const script = new URL('./scripts/blocked-main.js', import.meta.url)
  const { end, stdout, stderr } = await untilSeen(
    () => runScript(script),
    told => told.end !== 0 || told.stderr.includes('\n    at '),
  )
  assert.is(end, 0)
  const [report = '', rest = ''] = stderr.split('main goes on\n')
  const [headline = '', ...below] = report.trimEnd().split('\n')
  const stack = below.filter(line => line.startsWith('    at '))
  const [columns = '', ...rows] = below.slice(stack.length)
  const expected =
    /^multilane: lane 'urgent' is stalled: task 'markAndHold' \(2\) has held thread \d+ for \d+ ms/
  assert.match(headline, expected)
  assert.match(stack.at(-1) ?? '', /at markAndHold \(.*holding\.js:\d+:\d+\)$/)
  assert.match(columns, /^ {2}lane +task +state +queued ms +running ms$/)
  assert.match(rows[0] ?? '', /^ {2}urgent +markAndHold +STARTED +[\d.]+ +[\d.]+$/)
  assert.match(rows[1] ?? '', /^ {2}urgent +echo +SCHEDULED +[\d.]+ +-$/)
  assert.match(rows[2] ?? '', /^ {2}bulk +rest +STARTED +[\d.]+ +[\d.]+$/)
  assert.is(rows.length, 3)
  assert.is(rest, '', 'once, and not again when main goes on')
  assert.is(stdout, "heard of 'markAndHold'\n")
})

test('while main is free, nothing is written, though nobody listens', async () => {
  const { end, stdout, stderr } = await runScript(new URL('./scripts/stalled.js', import.meta.url))
  assert.equal([end, stdout, stderr], [0, 'done\n', ''])
})

test('a thread that is lost and replaced', async () => {
  await using scheduler = await SchedulerThread.start<typeof holding, 'a' | 'b'>({
    tasks,
    lanes: { a: { grace: 50 }, b: {} },
  })
  const events: RestartEvent[] = []
  scheduler.on('restart', event => events.push(event))
  const { a } = scheduler.lanes
  const dying = reasonOf(a.run('exit', [3]))
  await eventually('it is told', () => events.length === 1)
  assert.is(((await dying) as { code?: string }).code, 'ERR_LANE_EXITED')
  await a.run('echo', [1])
  const gate = newGate()
  const spinning = a.submit('spin', [gate])
  await arrived(gate)
  spinning.cancel()
  await eventually('so is the next', () => events.length === 2)
  await a.run('echo', [1])
  const told = events.map(({ lane, error, restarts }) => [lane, (error as { code?: string }).code, restarts])
  assert.equal(told, [
    ['a', 'ERR_LANE_EXITED', 1],
    ['a', 'ERR_LANE_TERMINATED', 2],
  ])
  assert.is((await scheduler.stats()).lanes.a?.restarts, 2)
  assert.is(events[1]?.after, 0)
  assert.ok(events[0]!.after >= 0)
  assert.ok(events[0]!.thread !== events[1]!.thread)
  for (const { error } of events) assert.instance(error, Error)
})

test.run()
