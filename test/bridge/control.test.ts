import { once } from 'node:events'
import { MessageChannel, Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { connectControl, exposeControl } from '#src/bridge/control.js'
import { ClosedError, LaneError } from '#src/core/errors.js'
import { reasonOf, rejectionOf } from '../support/rejection.js'
import { PEER_METHODS, type PeerMethods, peerMethods } from './control-peer.js'

const test = suite('bridge: the control plane')

/** Both ends on this thread. */
function setUp() {
  const { port1, port2 } = new MessageChannel()
  exposeControl(port1, peerMethods)
  const methods = connectControl<PeerMethods>(port2, PEER_METHODS)
  return { methods, near: port2, far: port1, close: () => port2.close() }
}

/** The other end on a thread of its own. */
function startPeer() {
  const { port1, port2 } = new MessageChannel()
  const worker = new Worker(new URL('./control-peer.js', import.meta.url), {
    workerData: { control: port2 },
    transferList: [port2],
  })
  return { worker, methods: connectControl<PeerMethods>(port1, PEER_METHODS) }
}

test('methods are called with their arguments, and answer', async () => {
  const { methods, close } = setUp()
  assert.is(await methods.greet('you'), 'hello you')
  assert.equal(await Promise.all([methods.add(1, 2), methods.add(3, 4), methods.greet('all')]), [
    3,
    7,
    'hello all',
  ])
  close()
})

test('what a method throws keeps its class, code, fields and cause', async () => {
  const { methods, close } = setUp()
  const error = await rejectionOf(methods.refuse(), LaneError)
  assert.equal(
    [error.code, error.lane, error.exitCode, error.message],
    ['ERR_LANE_EXITED', 'bulk', 3, 'it is gone'],
  )
  assert.instance(error.cause, RangeError)
  close()
})

test('a result or an argument that cannot be cloned rejects, and the next call works', async () => {
  const { methods, close } = setUp()
  assert.instance(await reasonOf(methods.giveUncloneable()), Error)
  assert.instance(await reasonOf(methods.greet((() => {}) as never)), Error)
  assert.is(await methods.greet('again'), 'hello again')
  close()
})

test('there are the methods that were named, and no others', () => {
  const { methods, close } = setUp()
  assert.equal(Object.keys(methods).sort(), [...PEER_METHODS].sort())
  assert.is(Object.getPrototypeOf(methods), null)
  assert.ok(Object.isFrozen(methods))
  close()
})

test('a call in flight rejects when the other side closes the port', async () => {
  const { methods, far } = setUp()
  const calls = [methods.never(), methods.never()].map(call => rejectionOf(call, ClosedError))
  await methods.greet('you')
  far.close()
  for (const error of await Promise.all(calls)) assert.is(error.code, 'ERR_CLOSED')
})

test('a call after the port has closed rejects too', async () => {
  const { methods, near, far } = setUp()
  near.ref()
  far.close()
  await once(near, 'close')
  assert.is((await rejectionOf(methods.greet('you'), ClosedError)).code, 'ERR_CLOSED')
})

test('calls in flight reject when the other thread exits, and when it is ended', async () => {
  const leaving = startPeer()
  const call = rejectionOf(leaving.methods.never(), ClosedError)
  assert.is(await leaving.methods.add(1, 2), 3)
  assert.instance(await reasonOf(leaving.methods.exit()), ClosedError)
  assert.is((await call).code, 'ERR_CLOSED')

  const ended = startPeer()
  const held = rejectionOf(ended.methods.never(), ClosedError)
  assert.is(await ended.methods.add(1, 2), 3)
  await ended.worker.terminate()
  assert.is((await held).code, 'ERR_CLOSED')
})

test('the port holds the event loop while a call is under way, and not otherwise', async () => {
  const { methods, near, close } = setUp()
  const isHeld = (): boolean => (near as unknown as { hasRef(): boolean }).hasRef()
  assert.is(isHeld(), false)
  const call = methods.greet('you')
  assert.is(isHeld(), true)
  await call
  assert.is(isHeld(), false)
  close()
})

test('answers that nobody waits for change nothing', async () => {
  const { methods, far, close } = setUp()
  const call = methods.greet('you')
  for (const junk of [5, null, 'words', [], {}, { id: 5 }, { id: 'of nobody', type: 'RAW', value: 1 }]) {
    far.postMessage(junk)
  }
  assert.is(await call, 'hello you')
  close()
})

test.run()
