import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLOAT } from '#src/bridge/shared-table.js'
import { DONE } from '#src/core/task-state.js'
import { TaskInletRig } from './task-inlet-rig.js'

const test = suite('bridge: what makes no sense to a lane thread')

/** Asserts that a message is dropped and counted once, and that tasks still come in after it. */
function assertDropped(rig: TaskInletRig, message: unknown): void {
  const { strays } = rig.inlet
  const slots = rig.inlet.table.slots
  const jobs = rig.jobs.length
  rig.post(message)
  assert.is(rig.inlet.strays, strays + 1)
  assert.is(rig.jobs.length, jobs, 'a job came of it')
  assert.is(rig.inlet.table.slots, slots, 'the table has changed')
  const [job] = rig.send(['good'])
  assert.equal(job?.args, ['good'])
  assert.is(rig.inlet.strays, strays + 1)
}

test('messages that are neither tasks nor a segment are dropped and counted', () => {
  const rig = new TaskInletRig()
  rig.inlet.poll()
  for (const message of [
    5,
    null,
    undefined,
    'words',
    {},
    { type: 'segment' },
    { type: 'other' },
    new Map(),
  ]) {
    assertDropped(rig, message)
  }
})

for (const [what, index, buffer] of [
  ['a buffer that is not shared', 1, new ArrayBuffer(1 << 18)],
  ['no buffer', 1, undefined],
  ['an index that is no integer', 1.5, new SharedArrayBuffer(1 << 18)],
  ['a negative index', -1, new SharedArrayBuffer(1 << 18)],
  ['an index that leaves a gap', 3, new SharedArrayBuffer(1 << 18)],
  ['an index beyond all tables', 2 ** 31, new SharedArrayBuffer(1 << 18)],
  ['a buffer of an odd size', 1, new SharedArrayBuffer(3)],
  ['a buffer that is too small', 1, new SharedArrayBuffer(64)],
] as const) {
  test(`a segment with ${what} is dropped and counted`, () => {
    const rig = new TaskInletRig()
    rig.inlet.poll()
    assertDropped(rig, { type: 'segment', index, buffer })
  })
}

test('an id that is none is dropped and counted', () => {
  const rig = new TaskInletRig()
  rig.inlet.poll()
  for (const id of [0, -1, 1.5, '5', null, Number.NaN, 2 ** 17 - 1]) assertDropped(rig, [id, 'argument'])
})

test('an id of a slot that is free, or of an earlier use of it, is dropped and counted', () => {
  const rig = new TaskInletRig()
  rig.inlet.poll()
  const gone = rig.assign(0)
  rig.table.free(gone)
  assertDropped(rig, [gone])
  const reused = rig.assign(0)
  assertDropped(rig, [gone])
  rig.post([reused])
  assert.is(rig.jobs.at(-1)?.id, reused)
})

test('what comes before a bad id in a batch counts, what comes after it cannot be told apart', () => {
  const rig = new TaskInletRig()
  const [first, last] = [rig.assign(1), rig.assign(1)]
  rig.post([first, 'a', 'bad', last, 'b'])
  assert.equal(
    rig.jobs.map(job => job.id),
    [first],
  )
  assert.is(rig.inlet.strays, 1)
})

test('a task that comes again after its start is dropped and counted', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([])
  rig.inlet.claim(job!, 50)
  rig.post([job!.id])
  assert.is(rig.jobs.length, 1)
  assert.is(rig.inlet.strays, 1)
})

test('a task that comes twice before its start runs once, and its start is not lost', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([])
  rig.post([job!.id])
  const claims = rig.jobs.map((one, i) => rig.inlet.claim(one, 50 + i))
  assert.is(claims.filter(Boolean).length, 1)
  assert.is(rig.table.float(job!.id, FLOAT.STARTED), 50)
})

test('a task that comes again after its answer is dropped and counted', () => {
  const rig = new TaskInletRig()
  const [job] = rig.send([])
  rig.inlet.claim(job!, 50)
  rig.inlet.answer(job!, DONE, 'value', 51)
  rig.inlet.flush()
  rig.post([job!.id])
  assert.is(rig.jobs.length, 1)
  assert.is(rig.inlet.strays, 1)
})

test.run()
