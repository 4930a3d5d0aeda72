import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { takeHome } from '#src/bridge/homes.js'
import { FLAG, FLOAT, INT, LIMITS } from '#src/bridge/shared-table.js'
import { CANCELED, SCHEDULED, STARTED, TIMED_OUT } from '#src/core/task-state.js'
import { TaskInletRig } from './task-inlet-rig.js'

const test = suite('bridge: tasks coming in')

test('a batch is taken apart into its tasks, each with its call, arguments and priority', () => {
  const rig = new TaskInletRig()
  const first = rig.assign(2, { call: 3 })
  const second = rig.assign(0, { call: 1, priority: 5, deadline: 900 })
  rig.post([first, 'a', [1, 2], second])
  const seen = rig.jobs.map(({ id, index, args, priority, deadline }) => ({
    id,
    index,
    args,
    priority,
    deadline,
  }))
  assert.equal(seen, [
    { id: first, index: 3, args: ['a', [1, 2]], priority: 0, deadline: Number.POSITIVE_INFINITY },
    { id: second, index: 1, args: [], priority: 5, deadline: 900 },
  ])
  assert.is(rig.inlet.strays, 0)
})

test('any batches come in with the arguments they left with, in their order', () => {
  const task = fc.array(fc.oneof(fc.nat(), fc.string(), fc.constant(undefined)), { maxLength: 5 })
  fc.assert(
    fc.property(fc.array(fc.array(task, { maxLength: 10 }), { maxLength: 10 }), batches => {
      const rig = new TaskInletRig()
      for (const batch of batches) rig.send(...batch)
      assert.equal(
        rig.jobs.map(job => job.args),
        batches.flat(),
      )
      rig.jobs.forEach((job, i) => {
        assert.is(job.arrival, i)
      })
      assert.is(rig.inlet.strays, 0)
    }),
    { numRuns: 50 },
  )
})

test('tasks in slots of a segment that was added later come in', () => {
  const rig = new TaskInletRig()
  const slots = rig.table.slots
  const ids = Array.from({ length: slots + 1 }, () => rig.assign(0))
  rig.post(ids)
  assert.equal(
    rig.jobs.map(job => job.id),
    ids,
  )
})

test('of a connection that has ended nobody waits any more, also if it was asked for before', () => {
  const rig = new TaskInletRig()
  rig.post({ type: 'wait', owner: 3, sequence: 1 })
  assert.is(rig.outcomes.size, 1)
  rig.inlet.closed()
  assert.is(rig.outcomes.size, 0)
  rig.post({ type: 'wait', owner: 3, sequence: 2 })
  assert.is(rig.outcomes.size, 0)
  assert.is(rig.inlet.strays, 0)
})

test('a task that others have the handle of is noted as it starts, unless its submitter has gone by then', () => {
  for (const [isGone, noted] of [
    [false, 1],
    [true, 0],
  ] as const) {
    const rig = new TaskInletRig()
    const id = rig.assign(0)
    rig.table.setHome(id, takeHome(rig.table, 1, 10))
    rig.post([id])
    if (isGone) rig.inlet.closed()
    assert.ok(rig.inlet.claim(rig.jobs[0]!, 50))
    assert.is(rig.outcomes.size, noted)
  }
})

test('poll tells how many messages there were', () => {
  const rig = new TaskInletRig()
  assert.is(rig.inlet.poll(), 1, 'the first segment')
  assert.is(rig.inlet.poll(), 0)
})

test('claiming writes when it started, and works once', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([1])
  assert.is(rig.inlet.claim(job!, 50), true)
  assert.equal(
    [rig.table.state(job!.id), rig.table.float(job!.id, FLOAT.STARTED), job!.started],
    [STARTED, 50, 50],
  )
  assert.is(rig.inlet.isCancelled(job!), false)
})

test('a task that was cancelled before it could start is not claimed, and has no start', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([1])
  rig.table.exchange(job!.id, SCHEDULED, CANCELED)
  assert.is(rig.inlet.claim(job!, 50), false)
  assert.equal([rig.table.state(job!.id), rig.table.float(job!.id, FLOAT.STARTED)], [CANCELED, 0])
})

test('a task that was cancelled on its way comes in too, to be acknowledged', () => {
  const rig = new TaskInletRig()
  const id = rig.assign(1)
  rig.table.exchange(id, SCHEDULED, CANCELED)
  rig.post([id, 'argument'])
  assert.equal(
    rig.jobs.map(job => job.id),
    [id],
  )
})

test('a started task knows when it was decided against', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([1])
  rig.inlet.claim(job!, 50)
  rig.table.exchange(job!.id, STARTED, CANCELED)
  assert.is(rig.inlet.isCancelled(job!), true)
  rig.table.free(job!.id)
  rig.table.take()
  assert.is(rig.inlet.isCancelled(job!), true, 'when its slot is of another task')
})

for (const [what, terms, expires] of [
  ['a timeout counts from the start', { timeout: 20 }, 70],
  ['a deadline stands', { deadline: 60 }, 60],
  ['the earlier of the two counts', { timeout: 20, deadline: 60 }, 60],
  ['the earlier of the two counts, if it is the timeout', { timeout: 5, deadline: 60 }, 55],
  ['a limit of waiting is over once it has started', { timeout: 20, waitUntil: 55 }, 70],
] as const) {
  test(`the supervisor is told when a started task expires: ${what}`, () => {
    const rig = new TaskInletRig()
    rig.post([rig.assign(0, terms)])
    const [job] = rig.jobs
    rig.inlet.claim(job!, 50)
    assert.is(rig.table.float(job!.id, FLOAT.RUN_EXPIRES), expires)
    assert.equal(rig.expiries, [expires])
  })
}

for (const [what, terms, limit] of [
  ['its waiting', { waitUntil: 50 }, 'queueTimeout'],
  ['its deadline', { deadline: 50, timeout: 20 }, 'deadline'],
  ['its deadline before its waiting', { deadline: 40, waitUntil: 45 }, 'deadline'],
  ['its waiting before its deadline', { deadline: 45, waitUntil: 40 }, 'queueTimeout'],
] as const) {
  test(`a task whose time has run out is not started, though nobody has said so yet: ${what}`, () => {
    const rig = new TaskInletRig()
    rig.post([rig.assign(0, terms)])
    const [job] = rig.jobs
    assert.is(rig.inlet.claim(job!, 50), false)
    assert.equal([rig.table.state(job!.id), rig.table.float(job!.id, FLOAT.STARTED)], [TIMED_OUT, 0])
    assert.is(LIMITS[rig.table.int(job!.id, INT.LIMIT)], limit)
  })
}

test('a sender that asks for the start in the very moment of it is told', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([1])
  const { table } = rig.inlet
  const exchange = table.exchange.bind(table)
  table.exchange = (id, from, to) => {
    // It has looked at the state just before, and found the task not started.
    rig.table.setInt(id, INT.FLAGS, FLAG.REPORT_START)
    return exchange(id, from, to)
  }
  rig.inlet.claim(job!, 50)
  rig.inlet.flushStarts()
  assert.equal(rig.received(), [{ type: 'started', ids: [job!.id] }])
})

test('without a limit nobody is told of one', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([1])
  rig.inlet.claim(job!, 50)
  assert.equal(rig.expiries, [])
})

test.run()
