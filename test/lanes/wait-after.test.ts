// @time-limit 120s
import { setTimeout as sleep } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask, SchedulerThread, type TaskHandle } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { eventually } from '../support/eventually.js'
import type * as following from './tasks/following.js'

const test = suite('lanes: waits that lead through `after`')
const inBothPlaces = testsInBothPlaces(test)

type Names = 'urgent' | 'bulk' | 'other'

const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof following, Names>({
    tasks: new URL('./tasks/following.js', import.meta.url),
    lanes: { urgent: { priority: 'user-blocking' }, bulk: { priority: 'background' }, other: {} },
  })

const newLog = () => new SharedArrayBuffer(4 * 2_000)
const written = (log: SharedArrayBuffer): number[] => {
  const ints = new Int32Array(log)
  return [...ints.slice(1, 1 + ints[0]!)]
}

type Started = Awaited<ReturnType<typeof start>>

/** Submits a task that waits to be given something, and waits until it does. */
async function waiting(
  lane: Started['lanes'][Names],
  kind: 'awaitGiven' | 'blockForGiven' | 'followMyself' | 'awaitStart' | 'awaitGivenFor',
  name: string,
  ...more: number[]
): Promise<TaskHandle<string>> {
  const task = lane.submit(kind, [name, ...more] as never) as TaskHandle<string>
  await task.wait({ for: 'RUNNING' })
  return task
}

/** A task is given the handle of one that is to start after it. */
inBothPlaces('a task that awaits one that is to start after it is refused, and both end', async launch => {
  await using scheduler = await start(launch)
  const { urgent, bulk } = scheduler.lanes
  const task = await waiting(urgent, 'awaitGiven', 'direct')
  const follower = bulk.submit('say', ['follower'], { after: [task] })
  await urgent.run('give', ['direct', follower])
  assert.is(
    await task.result(),
    "ERR_DEADLOCK; task 'awaitGiven' on lane 'urgent'; task 'say' on lane 'bulk'",
  )
  assert.is(await follower.result(), 'follower')
})

inBothPlaces('so it is when it awaits another that awaits it, through several', async launch => {
  await using scheduler = await start(launch)
  const { urgent, bulk, other } = scheduler.lanes
  const task = await waiting(urgent, 'awaitGiven', 'chain')
  const between = other.submit('awaitTask', [task])
  const first = bulk.submit('say', ['first'], { after: [between] })
  const last = bulk.submit('say', ['last'], { after: [first] })
  await eventually('its wait is known', () => scheduler.taskInfo(between).awaits.length > 0)
  await urgent.run('give', ['chain', last])
  const said = await task.result()
  assert.equal(said.split('; '), [
    'ERR_DEADLOCK',
    "task 'awaitGiven' on lane 'urgent'",
    "task 'say' on lane 'bulk'",
    "task 'say' on lane 'bulk'",
    "task 'awaitTask' on lane 'other'",
  ])
  assert.is(await between.result(), said)
  assert.equal([await first.result(), await last.result()], ['first', 'last'])
})

inBothPlaces('a task that awaits what it has submitted to start after itself', async launch => {
  await using scheduler = await start(launch)
  for (const ms of [0, 20]) {
    const name = `myself ${ms}`
    const task = await waiting(scheduler.lanes.urgent, 'followMyself', name, ms)
    await scheduler.lanes.urgent.run('give', [name, task])
    const said = await task.result()
    assert.is(said, "ERR_DEADLOCK; task 'followMyself' on lane 'urgent'; task 'say' on lane 'bulk'")
  }
})

test('a task that blocks its thread for one that is to start after another of that thread', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const held = await waiting(urgent, 'awaitGiven', 'held')
  const blocking = await waiting(urgent, 'blockForGiven', 'blocking')
  const follower = bulk.submit('say', ['follower'], { after: [held] })
  await urgent.run('give', ['blocking', follower])
  const said = await blocking.result()
  assert.match(said, /^ERR_DEADLOCK; task 'blockForGiven' on lane 'urgent'; task 'say' on lane 'bulk'; /)
  await urgent.run('give', ['held', await submitted(scheduler)])
  assert.equal([await held.result(), await follower.result()], ['said', 'follower'])
})

async function submitted({ lanes }: Started): Promise<TaskHandle<string>> {
  const task = lanes.other.submit('say', ['said'])
  await task.wait()
  return task
}

test('one that is to start after what ends by itself is no deadlock, however long that takes', async () => {
  await using scheduler = await start()
  const { urgent, bulk, other } = scheduler.lanes
  const long = bulk.submit('sayLater', ['long', 100])
  const follower = other.submit('say', ['follower'], { after: [long] })
  const last = other.submit('say', ['last'], { after: [follower, long] })
  assert.is(await urgent.run('awaitTask', [last]), 'last')
  // What has failed is waited for by nobody.
  const failed = other.submit('say', ['never'], { after: [last] })
  failed.cancel()
  const forsaken = other.submit('say', ['never'], { after: [failed] })
  assert.is(await urgent.run('awaitTask', [forsaken]), 'ERR_DEPENDENCY_FAILED')
})

test('what an urgent task awaits that is to start after others has them moved ahead, along chains and diamonds', async () => {
  await using scheduler = await start()
  const { urgent, bulk, other } = scheduler.lanes
  const log = newLog()
  const all = Array.from({ length: 300 }, (_, i) => bulk.submit('note', [log, i, 1]))
  const left = other.submit('say', ['left'], { after: [all[298]!] })
  const right = bulk.submit('say', ['right'], { after: [all[299]!, all[298]!] })
  const bottom = other.submit('say', ['bottom'], { after: [left, right] })
  assert.is(await urgent.run('awaitTask', [bottom]), 'bottom')
  assert.ok(written(log).length < 280, `it was after ${written(log).length}`)
  await Promise.all(all.map(task => task.result()))
  assert.equal(
    written(log).filter(value => value < 298),
    Array.from({ length: 298 }, (_, i) => i),
  )
})

inBothPlaces('what an urgent task is to start after moves ahead of what its lane has', async launch => {
  await using scheduler = await start(launch)
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  const all = Array.from({ length: 300 }, (_, i) => bulk.submit('note', [log, i, 1]))
  assert.is(await urgent.run('say', ['follower'], { after: [all[299]!] }), 'follower')
  assert.ok(written(log).length < 280, `it was after ${written(log).length}`)
  await Promise.all(all.map(task => task.result()))
})

test('within a lane, too; also when it is made more urgent only later', async () => {
  await using scheduler = await start()
  const { bulk } = scheduler.lanes
  for (const moved of [false, true]) {
    const log = newLog()
    const all = Array.from({ length: 200 }, (_, i) => bulk.submit('note', [log, i, 1]))
    const after = [all[199]!]
    const follower = bulk.submit('say', ['follower'], moved ? { after } : { after, priority: 5 })
    if (moved) assert.is(follower.setPriority(5), true)
    assert.is(await follower.result(), 'follower')
    assert.ok(written(log).length < 180, `it was after ${written(log).length}`)
    await Promise.all(all.map(task => task.result()))
  }
})

test('when the urgent one is gone what it was to start after goes back to its place', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  const holder = bulk.submit('note', [log, -1, 400])
  await holder.wait({ for: 'RUNNING' })
  const all = Array.from({ length: 50 }, (_, i) => bulk.submit('note', [log, i, 0]))
  const follower = urgent.submit('say', ['never'], { after: [all[49]!] })
  const between = bulk.submit('say', ['between'], { after: [all[48]!] })
  const second = urgent.submit('say', ['never'], { after: [between] })
  const priorities = () => all.slice(47).map(task => scheduler.taskInfo(task).priority)
  await eventually('they have moved', () => priorities().filter(priority => priority > 0).length === 2)
  assert.equal([follower.cancel(), second.cancel()], [true, true])
  await eventually('they are back', () => priorities().every(priority => priority === 0))
  await Promise.all(all.map(task => task.result()))
  assert.equal(written(log), [-1, ...Array.from({ length: 50 }, (_, i) => i)])
})

test('so does what a task has submitted and awaited for a while', async () => {
  await using scheduler = await start()
  const log = newLog()
  await scheduler.lanes.urgent.run('hurryBriefly', [log])
  await eventually('all have run', () => written(log).length === 50)
  assert.equal(
    written(log).filter(value => value !== 1),
    Array.from({ length: 50 }, (_, i) => i).filter(value => value !== 1),
  )
})

inBothPlaces('a wait for a limited time is in no cycle: it ends by itself', async launch => {
  await using scheduler = await start(launch)
  const { urgent, bulk } = scheduler.lanes
  const task = await waiting(urgent, 'awaitGivenFor', 'limited', 300)
  const back = bulk.submit('awaitTask', [task])
  const follower = bulk.submit('say', ['follower'], { after: [back] })
  await urgent.run('give', ['limited', follower])
  assert.is(await task.result(), 'false')
  assert.equal([await back.result(), await follower.result()], ['false', 'follower'])
})

inBothPlaces('who has awaited the start of another is awaited by that, and none is refused', async launch => {
  await using scheduler = await start(launch)
  const { urgent, bulk } = scheduler.lanes
  for (let round = 0; round < 5; round++) {
    const name = `start ${round}`
    const task = await waiting(urgent, 'awaitStart', name, 20)
    const back = bulk.submit('awaitTask', [task], { delay: 10 })
    await urgent.run('give', [name, back])
    assert.equal([await task.result(), await back.result()], ['started', 'started'])
  }
})

test('a task awaits the start of one that is to start after it: that is refused', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const task = await waiting(urgent, 'awaitStart', 'never', 0)
  const follower = bulk.submit('say', ['follower'], { after: [task] })
  await urgent.run('give', ['never', follower])
  assert.is(
    await task.result(),
    "ERR_DEADLOCK; task 'awaitStart' on lane 'urgent'; task 'say' on lane 'bulk'",
  )
  assert.is(await follower.result(), 'follower')
})

inBothPlaces('what a task waits for is shown before its start as after it', async launch => {
  await using scheduler = await start(launch)
  const { urgent, bulk, other } = scheduler.lanes
  const long = bulk.submit('sayLater', ['long', 200])
  const short = other.submit('sayLater', ['short', 20])
  const follower = urgent.submit('say', ['follower'], { after: [short, long] })
  const waiting = urgent.submit('awaitTask', [follower])
  const info = (task: TaskHandle) => {
    const { waitsFor, awaits } = scheduler.taskInfo(task)
    return { waitsFor, awaits }
  }
  const named = "task 'sayLater' on lane 'bulk'"
  assert.equal(info(follower), { waitsFor: 2, awaits: ["task 'sayLater' on lane 'other'", named] })
  await short.result()
  assert.equal(info(follower), { waitsFor: 1, awaits: [named] })
  await eventually('its wait is seen', () => info(waiting).awaits.length > 0)
  assert.equal(info(waiting), { waitsFor: 0, awaits: ["task 'say' on lane 'urgent'"] })
  const dump = scheduler.dumpTasks({ to: { write: () => {} } })
  assert.match(dump, /say .* SCHEDULED .* task 'sayLater' on lane 'bulk'\n/)
  await waiting.result()
  assert.equal(info(follower), { waitsFor: 0, awaits: [] })
})

test('with the thread that has submitted them go those that were to start after others', async () => {
  await using scheduler = await start()
  const { urgent, bulk, other } = scheduler.lanes
  const long = bulk.submit('sayLater', ['long', 400])
  await other.run('submitAndDie', [long]).then(
    () => assert.unreachable(),
    error => assert.is(error.code, 'ERR_LANE_EXITED'),
  )
  assert.is(await long.result(), 'long')
  assert.is(await urgent.run('say', ['alive']), 'alive')
})

test('tasks of other schedulers are nobody here, whatever their numbers', async () => {
  await using scheduler = await start()
  await using loop = await AsyncScheduler.start()
  const { urgent } = scheduler.lanes
  let finish = (_: string): void => {}
  const outside = loop.submitTask(
    new AsyncTask(
      () =>
        new Promise<string>(resolve => {
          finish = resolve
        }),
    ),
  )
  // It has the number of the task that awaits.
  const follower = urgent.submit('say', ['follower'], { after: [outside] })
  const waiting = urgent.submit('awaitTask', [follower])
  await sleep(50)
  assert.equal(scheduler.taskInfo(follower).awaits, [`task '${outside.name}' on lane 'loop'`])
  finish('')
  assert.is(await waiting.result(), 'follower')
})

test('ten thousand urgent ones that start after as many bulk ones', async () => {
  await using scheduler = await start()
  const { urgent, bulk } = scheduler.lanes
  const log = newLog()
  const holder = bulk.submit('note', [log, -1, 300])
  const all = Array.from({ length: 10_000 }, () => bulk.submit('say', ['bulk']))
  const followers = all.map(task => urgent.submit('say', ['urgent'], { after: [task] }))
  await Promise.all([holder, ...followers].map(task => task.result()))
  const last = urgent.submit('say', ['last'], { after: followers })
  assert.is(await last.result(), 'last')
})

test.run()
