import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { Failure } from '#src/bridge/failure.js'
import { KeyShare } from '#src/bridge/key-share.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { Sender } from '#src/bridge/sender.js'
import { ManualClock } from '../support/manual-clock.js'
import { LANE, SenderRig } from './sender-rig.js'

const test = suite('bridge: what is told of lanes')

const STALL = {
  type: 'stall',
  report: 5,
  lane: LANE,
  thread: 1,
  task: { id: 3, name: 'quote' },
  candidates: [{ id: 3, name: 'quote' }],
  silent: 120,
  action: 'report',
  stack: undefined,
} as const

test('a slow task is told as the task it is, also when its outcome was decided earlier', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  const { task } = rig.submit([1])
  rig.settle()
  const job = thread.start()
  thread.inlet.reportSlow(job, 80)
  rig.settle()
  const error = new Error('cancelled')
  rig.sender.lane(LANE).cancel(task, Failure.of(error))
  thread.inlet.reportSlow(job, 90)
  thread.finish(job, 'value')
  rig.settle()
  const { sequence } = task
  assert.equal(rig.watched, [
    { type: 'slow', sequence, held: 80 },
    { type: 'slow', sequence, held: 90 },
  ])
  assert.equal([rig.strays, rig.slotsInUse], [0, 0])
})

test('a report of a slow task that makes no sense is dropped and counted', () => {
  const rig = new SenderRig()
  const thread = rig.join()
  rig.submit([1])
  rig.settle()
  const { id } = thread.start()
  const reports = [{}, { id }, { id, held: '5' }, { id: id + 1, held: 5 }, { id: -1, held: 5 }, { held: 5 }]
  for (const report of reports) thread.port.post({ type: 'slow', ...report })
  rig.settle()
  assert.is(rig.strays, reports.length)
  assert.equal(rig.watched, [])
})

test('who can tell of a stall says that they heard', () => {
  const rig = new SenderRig()
  rig.tell(STALL)
  rig.settle()
  assert.equal(rig.watched, [STALL])
  assert.equal(rig.told.at(-1), { type: 'stall-heard', report: 5 })
})

test('who cannot does not', () => {
  const [mine, theirs] = MemoryPort.pair({ posted: () => {} })
  const clock = new ManualClock()
  const sender = new Sender(
    mine,
    [
      {
        name: LANE,
        index: 0,
        rank: 0,
        concurrency: 1,
        queueLimit: 1,
        overload: 'reject',
        queue: QueuePlaces.memory(),
        keys: KeyShare.memory(),
        threads: { min: 1, max: 1 },
        spin: 0,
      },
    ],
    {
      number: 0,
      isOfLane: false,
      clock,
      timers: clock,
      defer: () => {},
      openPort: () => mine,
      busy: () => {},
      report: () => {},
    },
  )
  const restart = { type: 'restart', lane: LANE, thread: 1, after: 0, restarts: 1 } as const
  sender.receive(STALL)
  sender.receive({ ...restart, error: encodeError(new Error('lost')) })
  const types: unknown[] = []
  for (let next = theirs.take(); next !== undefined; next = theirs.take())
    types.push((next.message as { type: unknown }).type)
  assert.equal(types, ['segment'])
  assert.is(sender.strays, 0)
})

test.run()
