import { open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads'
import { MultilaneError, NotCloneableError, SchedulerThread, TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as buffers from './tasks/buffers.js'

const test = suite('lanes: transfer')
const both = testsInBothPlaces(test)

const tasks = new URL('./tasks/buffers.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof buffers, 'a'>({ tasks, lanes: { a: { grace: 20, concurrency: 8 } } })

both('what is handed over arrives, and is gone here', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const bytes = new Uint8Array(1024)
  const running = a.run('fill', [bytes, 7], { transfer: [bytes.buffer] })
  const filled = await running
  assert.is(bytes.byteLength, 0)
  assert.is(filled.byteLength, 1024)
  assert.ok(filled.every(byte => byte === 7))

  const cloned = new Uint8Array(16)
  await a.run('fill', [cloned, 7])
  assert.is(cloned.byteLength, 16, 'without transfer it is cloned')
  assert.is(await a.run('sizeOf', [new ArrayBuffer(8)], { transfer: [] }), 8)
})

both('many that hand over, among others that do not', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const runs = Array.from({ length: 300 }, (_, i) => {
    const buffer = new ArrayBuffer(i)
    return a.run('sizeOf', [buffer], i % 3 === 0 ? { transfer: [buffer] } : {})
  })
  assert.equal(
    await Promise.all(runs),
    runs.map((_, i) => i),
  )
})

both('whatever Node can hand over may be, and is untouched until it is', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  const gate = newGate()
  const waiting = a.submit('wait', [gate])
  const file = await open(fileURLToPath(import.meta.url))
  const { port1, port2 } = new MessageChannel()
  const stream = new ReadableStream()
  const list = [file, port1, stream]
  const handed = a.submit('take', [...list] as never, { after: [waiting], transfer: list })
  // It is what it was when the task was submitted.
  list.length = 0
  assert.ok((await file.stat()).size > 0)
  assert.is(stream.locked, false)
  port2.postMessage('kept')
  assert.equal(receiveMessageOnPort(port1), { message: 'kept' })
  openGate(gate)
  assert.equal(await handed.result(), ['FileHandle', 'MessagePort', 'ReadableStream'])
})

test('it is not sent while no thread could start it: it may be cancelled with the buffer still here', async () => {
  await using scheduler = await SchedulerThread.start<typeof buffers, 'a'>({
    tasks,
    lanes: { a: { concurrency: 1 } },
  })
  const { a } = scheduler.lanes
  const gate = newGate()
  const blocking = a.submit('block', [gate])
  await arrived(gate)
  const buffer = new ArrayBuffer(64)
  const waiting = a.submit('sizeOf', [buffer], { transfer: [buffer] })
  await new Promise(resolve => setImmediate(resolve))
  assert.is(waiting.state, 'SUBMITTED')
  assert.is(buffer.byteLength, 64)
  assert.is(waiting.cancel(), true)
  openGate(gate)
  await blocking.result()
  assert.is(buffer.byteLength, 64)
  assert.is(await a.run('sizeOf', [buffer], { transfer: [buffer] }), 64)
  assert.is(buffer.byteLength, 0)
})

test('what was handed over dies with the thread: ERR_TRANSFER_LOST', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const gate = newGate()
  const spinning = a.submit('spin', [gate], { timeout: 200 })
  await arrived(gate)
  const buffer = new ArrayBuffer(64)
  const handed = a.submit('sizeOf', [buffer], { transfer: [buffer] })
  const plain = a.submit('echo', ['moves'])
  await new Promise(resolve => setImmediate(resolve))
  assert.is(handed.state, 'SCHEDULED')
  assert.is(buffer.byteLength, 0)
  await rejectionOf(spinning.result(), TaskTimeoutError)
  const error = await rejectionOf(handed.result(), MultilaneError)
  assert.is(error.code, 'ERR_TRANSFER_LOST')
  assert.is((error.cause as { code?: unknown }).code, 'ERR_LANE_TERMINATED')
  assert.is(handed.state, 'FAILED')
  assert.is(await plain.result(), 'moves')
})

both('what cannot be handed over fails that task alone', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  // In itself it could be.
  const locked = new ReadableStream()
  locked.getReader()
  const runs = [a.run('echo', [1]), a.run('echo', [2], { transfer: [locked] }), a.run('echo', [3])]
  await Promise.allSettled(runs)
  await rejectionOf(runs[1]!, NotCloneableError)
  assert.equal(await Promise.all([runs[0], runs[2]]), [1, 3])
})

test.run()
