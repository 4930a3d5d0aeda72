import { setTimeout as sleep } from 'node:timers/promises'
import { type LaneOptions, SchedulerThread, type SlowEvent } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { reasonOf } from '../support/rejection.js'
import type * as holding from './tasks/holding.js'

const test = suite('lanes: slow tasks are reported')

const tasks = new URL('./tasks/holding.js', import.meta.url)

function start(a: LaneOptions = {}) {
  return SchedulerThread.start<typeof holding, 'a' | 'b'>({ tasks, lanes: { a, b: {} } })
}

function slowOnesOf(scheduler: Awaited<ReturnType<typeof start>>): SlowEvent[] {
  const events: SlowEvent[] = []
  scheduler.on('slow', event => events.push(event))
  return events
}

/** Has a place of its own, to be found again in a stack. */
async function submitFromHere(scheduler: Awaited<ReturnType<typeof start>>, duration: number): Promise<void> {
  await scheduler.lanes.a.run('hold', [duration])
}

test('the first slow task of a program, with where it was submitted', async () => {
  await using scheduler = await start()
  const events = slowOnesOf(scheduler)
  await submitFromHere(scheduler, 120)
  await eventually('it is reported', () => events.length > 0)
  const [{ lane, name, id, held, submittedAt = '', isExactPlace } = {} as SlowEvent] = events
  assert.equal([lane, name, id, isExactPlace, events.length], ['a', 'hold', 1, true, 1])
  assert.ok(held >= 119, `it held the loop for ${held} ms`)
  const [first = ''] = submittedAt.split('\n')
  assert.match(first, 'submitFromHere')
  assert.match(first, 'slow.test.js')
  assert.not.match(submittedAt, '/dist/lanes/')
})

test('also by submit, map, the manager, and with options', async () => {
  await using scheduler = await start()
  const events = slowOnesOf(scheduler)
  const { a } = scheduler.lanes
  await a.submit('hold', [60]).result()
  await a.map('hold', [60])
  await scheduler.submitTask('a', 'hold', [60], { timeout: 60_000 }).result()
  await eventually('all are reported', () => events.length === 3)
  for (const { submittedAt = '', isExactPlace } of events) {
    assert.match(submittedAt.split('\n')[0] ?? '', 'slow.test.js')
    assert.is(isExactPlace, true)
  }
})

test('one that throws, and the synchronous part of one that does not', async () => {
  await using scheduler = await start({ slowCallback: 20 })
  const events = slowOnesOf(scheduler)
  await reasonOf(scheduler.lanes.a.run('holdAndThrow', [40]))
  await scheduler.lanes.a.run('rest', [60])
  await scheduler.lanes.a.run('hold', [40])
  await eventually('both are reported', () => events.length === 2)
  assert.equal(
    events.map(event => event.name),
    ['holdAndThrow', 'hold'],
  )
})

test('a function that was fast a hundred times has the last place known, and then its own', async () => {
  await using scheduler = await start()
  const events = slowOnesOf(scheduler)
  for (let i = 0; i < 100; i++) await scheduler.lanes.a.run('hold', [0])
  await submitFromHere(scheduler, 60)
  await submitFromHere(scheduler, 60)
  await eventually('both are reported', () => events.length === 2)
  const [first, second] = events
  assert.is(first?.isExactPlace, false)
  assert.match(first?.submittedAt ?? '', 'slow.test.js')
  assert.is(second?.isExactPlace, true)
  assert.match(second?.submittedAt?.split('\n')[0] ?? '', 'submitFromHere')
})

test('who listens only later is told what is known then', async () => {
  await using scheduler = await start()
  await submitFromHere(scheduler, 60)
  const running = scheduler.lanes.a.submit('hold', [120])
  const events = slowOnesOf(scheduler)
  await running.result()
  await eventually('it is reported', () => events.length > 0)
  const [event] = events
  assert.equal([event?.id, event?.submittedAt, event?.isExactPlace], [running.id, undefined, false])
})

test('what a lane lets pass is its own to say; with Infinity, all', async () => {
  await using scheduler = await SchedulerThread.start<typeof holding, 'never' | 'late' | 'soon'>({
    tasks,
    lanes: { never: { slowCallback: Infinity }, late: { slowCallback: 60_000 }, soon: { slowCallback: 5 } },
  })
  const events: SlowEvent[] = []
  scheduler.once('slow', event => events.push(event))
  const { never, late, soon } = scheduler.lanes
  await Promise.all([never.run('hold', [80]), late.run('hold', [80]), soon.run('hold', [80])])
  await eventually('one is reported', () => events.length > 0)
  await soon.run('hold', [80])
  await sleep(20)
  assert.equal(
    events.map(event => event.lane),
    ['soon'],
    'once is once',
  )
})

test('a listener that throws is reported, and changes nothing', async () => {
  await using scheduler = await start()
  const errors: unknown[] = []
  scheduler.on('error', error => errors.push(error))
  scheduler.on('slow', () => {
    throw new RangeError('planted')
  })
  assert.is(await scheduler.lanes.a.run('hold', [60]), undefined)
  await eventually('it is reported', () => errors.length > 0)
  assert.instance(errors[0], RangeError)
})

test.run()
