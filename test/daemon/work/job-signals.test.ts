import { randomUUID } from 'node:crypto'
import { BroadcastChannel } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { JobSignal } from '#daemon/work/job-call.js'
import { JobSignalReceiver } from '#daemon/work/job-signal-receiver.js'
import { JobSignals } from '#daemon/work/job-signals.js'
import { OutputTail } from '#daemon/work/output-tail.js'
import { eventually } from '../../support/eventually.js'

const test = suite('daemon, work: signals of jobs')

function connect(now?: () => number) {
  const name = `test-${randomUUID()}`
  const receiver = new JobSignalReceiver(name)
  const received: JobSignal[] = []
  const stop = receiver.on(signal => received.push(signal))
  return { name, receiver, received, stop, signals: new JobSignals(name, now) }
}

const call = { id: 'a', attempt: 2 }
const process = { pid: 17, startTicks: '5', bootId: 'b' }

test('a process, its output and its end, in this order', async () => {
  let now = 0
  const { receiver, received, signals } = connect(() => now)
  const tail = new OutputTail()
  const voice = signals.voiceOf(call, tail)
  voice.runsAs(process)
  tail.line('one')
  now = 250
  voice.outputChanged()
  tail.line('two')
  now = 499
  voice.outputChanged()
  voice.gone()
  tail.line('after')
  now = 10_000
  voice.outputChanged()
  voice.gone()
  await eventually('it is gone', () => received.some(({ kind }) => kind === 'gone'))
  assert.equal(received, [
    { ...call, kind: 'process', process },
    { ...call, kind: 'output', tail: 'one\n' },
    { ...call, kind: 'gone', tail: 'one\ntwo\n' },
  ])
  receiver.close()
})

test('output that comes early is told when its time has come, once', async () => {
  const { receiver, received, signals } = connect()
  const tail = new OutputTail()
  const voice = signals.voiceOf(call, tail)
  for (let i = 0; i < 1000; i++) {
    tail.line(`${i}`)
    voice.outputChanged()
  }
  await eventually('output has come', () => received.length > 0)
  assert.equal(received, [{ ...call, kind: 'output', tail: tail.text() }])
  voice.gone()
  await eventually('it is gone', () => received.length === 2)
  receiver.close()
})

test('a job that told nothing has no end to tell', async () => {
  const { receiver, received, signals } = connect()
  const quiet = signals.voiceOf({ id: 'quiet', attempt: 1 }, new OutputTail())
  quiet.outputChanged()
  quiet.gone()
  const other = signals.voiceOf(call, new OutputTail())
  other.runsAs(process)
  other.gone()
  await eventually('the other is gone', () => received.length === 2)
  assert.equal(
    received.map(({ id }) => id),
    ['a', 'a'],
  )
  receiver.close()
})

test('two jobs at a time, one after the end of the other, and none after close()', async () => {
  const { name, receiver, received, signals } = connect()
  const [one, two] = ['one', 'two'].map(id => signals.voiceOf({ id, attempt: 1 }, new OutputTail()))
  one?.runsAs(process)
  two?.runsAs(process)
  one?.gone()
  two?.gone()
  const three = signals.voiceOf({ id: 'three', attempt: 1 }, new OutputTail())
  three.runsAs(process)
  await eventually('three has begun', () => received.length === 5)
  signals.close()
  three.gone()
  signals.voiceOf(call, new OutputTail()).runsAs(process)
  const later = new JobSignals(name).voiceOf({ id: 'later', attempt: 1 }, new OutputTail())
  later.runsAs(process)
  later.gone()
  await eventually('later is gone', () => received.at(-1)?.id === 'later' && received.at(-1)?.kind === 'gone')
  assert.equal(
    received.filter(({ kind }) => kind === 'gone').map(({ id }) => id),
    ['one', 'two', 'later'],
  )
  receiver.close()
})

test('what makes no sense is dropped and counted', async () => {
  const { name, receiver, received, stop } = connect()
  const stranger = new BroadcastChannel(name)
  const strays: unknown[] = [
    null,
    'text',
    {},
    { kind: 'gone', id: 'a', attempt: 1 },
    { kind: 'gone', id: 1, attempt: 1, tail: '' },
    { kind: 'output', id: 'a', attempt: 0, tail: '' },
    { kind: 'output', id: 'a', attempt: 1, tail: 5 },
    { kind: 'other', id: 'a', attempt: 1, tail: '' },
    { kind: 'process', id: 'a', attempt: 1, process: null },
    { kind: 'process', id: 'a', attempt: 1, process: { pid: -1, startTicks: '', bootId: '' } },
    { kind: 'process', id: 'a', attempt: 1, process: { pid: 1, startTicks: 1, bootId: '' } },
  ]
  for (const stray of strays) stranger.postMessage(stray)
  stranger.postMessage({ kind: 'gone', id: 'a', attempt: 1, tail: 'good' })
  await eventually('the good one has come', () => received.length === 1)
  assert.is(receiver.strays, strays.length)
  stop()
  stranger.postMessage({ kind: 'gone', id: 'a', attempt: 1, tail: 'nobody listens' })
  stranger.postMessage({})
  await eventually('the last has come', () => receiver.strays === strays.length + 1)
  assert.is(received.length, 1)
  stranger.close()
  receiver.close()
})

test.run()
