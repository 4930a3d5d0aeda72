// @time-limit 60s
import { SchedulerThread, type TaskOptions } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrived, newGate, openGate } from '../support/gate.js'
import type * as overloaded from './tasks/overloaded.js'
import { newLedger, written } from './tasks/overloaded.js'

const test = suite('lanes: the order of tasks')

const tasks = new URL('./tasks/overloaded.js', import.meta.url)

/** A lane of one thread, which is held; `run` opens it and answers in which order its tasks ran. */
async function held(threads = 1) {
  const scheduler = await SchedulerThread.start<typeof overloaded, 'a'>({
    tasks,
    lanes: { a: { concurrency: threads === 1 ? 1 : 8, threads } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  const ledger = newLedger()
  const blocking = Array.from({ length: threads }, () => a.submit('block', [gate]))
  await arrived(gate, threads)
  const handles: { result(): Promise<unknown> }[] = []
  const submit = (value: number, options: TaskOptions<number> = {}) => {
    const task = a.submit('write', [ledger, value], options)
    handles.push(task)
    return task
  }
  const run = async (): Promise<number[]> => {
    openGate(gate)
    await Promise.allSettled([...blocking, ...handles].map(task => task.result()))
    return written(ledger)
  }
  return { scheduler, a, submit, run, ledger }
}

test('priority, then deadline, then arrival: exact for one sender, whenever they were submitted', async () => {
  const { scheduler, submit, run } = await held()
  await using _ = scheduler
  const wanted: { value: number; priority: number; deadline: number }[] = []
  const base = Date.now() + 60_000
  for (let i = 0; i < 300; i++) {
    const priority = (i * 7) % 4
    const deadline = i % 3 === 0 ? base + ((i * 131) % 50) * 1000 : Number.POSITIVE_INFINITY
    wanted.push({ value: i, priority, deadline })
    submit(i, { priority, ...(i % 3 === 0 ? { deadline } : {}) })
    if (i % 40 === 0) await new Promise(resolve => setImmediate(resolve))
  }
  // Epoch milliseconds are read against a clock that moves on between two submits: a second apart is enough.
  wanted.sort((one, other) => {
    if (one.priority !== other.priority) return other.priority - one.priority
    return one.deadline === other.deadline ? one.value - other.value : one.deadline - other.deadline
  })
  const order = await run()
  assert.is(order.length, 300)
  const classes = (values: readonly number[]) => values.map(value => wanted.find(one => one.value === value)!)
  const ran = classes(order)
  for (let i = 1; i < ran.length; i++) {
    const [before, after] = [ran[i - 1]!, ran[i]!]
    assert.ok(before.priority >= after.priority, 'priority')
    if (before.priority === after.priority) assert.ok(before.deadline <= after.deadline, 'deadline')
    const plain = before.priority === after.priority && after.deadline === Number.POSITIVE_INFINITY
    if (plain && before.deadline === after.deadline) assert.ok(before.value < after.value, 'arrival')
  }
})

test('setPriority moves a task to where it belongs, sent or not', async () => {
  const { scheduler, submit, run } = await held()
  await using _ = scheduler
  const all = Array.from({ length: 12 }, (_, i) => submit(i, { priority: 1 }))
  await new Promise(resolve => setImmediate(resolve))
  assert.is(all[0]?.state, 'SCHEDULED')
  assert.equal([all[0]?.setPriority(0), all[9]?.setPriority(7), all[4]?.setPriority(5)], [true, true, true])
  await new Promise(resolve => setImmediate(resolve))
  assert.is(all[4]?.setPriority(6), true)
  assert.equal(await run(), [9, 4, 1, 2, 3, 5, 6, 7, 8, 10, 11, 0])
  assert.is(all[9]?.setPriority(8), false)
})

test('tasks of a key run one at a time and in their order, on whichever threads, beside others', async () => {
  const { scheduler, a, submit, run } = await held(2)
  await using _ = scheduler
  for (let i = 0; i < 100; i++) submit(i, { key: `${i % 4}` })
  const order = await run()
  assert.is(order.length, 100)
  for (let key = 0; key < 4; key++) {
    const ofKey = order.filter(value => value % 4 === key)
    assert.equal(
      ofKey,
      [...ofKey].sort((one, other) => one - other),
    )
  }
  const inside = newGate()
  const exclusive = await a.map(
    'alone',
    Array.from({ length: 30 }, () => inside),
    { key: 'k' },
  )
  assert.equal([...new Set(exclusive)], [1])
  const shared = await a.map(
    'alone',
    Array.from({ length: 30 }, () => inside),
  )
  assert.ok(Math.max(...shared) > 1, 'without a key they run together')
})

test('a patient task is not starved by urgent ones that never end', async () => {
  const { scheduler, a, run, ledger } = await held()
  await using _ = scheduler
  await run()
  let ended = false
  const stream = async (): Promise<void> => {
    while (!ended) await a.run('writeSlowly', [ledger, 1, 2], { priority: 9 })
  }
  const streams = Array.from({ length: 12 }, stream)
  const patient = a.submit('echo', ['patient'])
  assert.is(await patient.wait({ timeout: 20_000 }), true)
  ended = true
  await Promise.all(streams)
  const { submit, start: started = 0 } = patient.timestamps
  assert.ok(started - submit >= 500, `it aged first: ${started - submit}`)
})

test.run()
