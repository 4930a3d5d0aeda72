import { MessageChannel, MessagePort, Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { exposeControl } from '#src/bridge/control.js'
import { peerMethods } from './control-peer.js'

const test = suite('bridge: what the control plane lets in')

interface Reply {
  readonly id?: unknown
  readonly type?: unknown
  readonly name?: unknown
  readonly value?: unknown
}

function call(id: string, path: unknown, ...args: readonly unknown[]) {
  return { id, type: 'APPLY', path, argumentList: args.map(value => ({ type: 'RAW', value })) }
}

/** Posts a message as it is, then a proper call; resolves to what came back until that one was answered. */
function repliesTo(port: MessagePort, message: unknown): Promise<Reply[]> {
  return new Promise((resolve, reject) => {
    const replies: Reply[] = []
    const end = (finish: () => void): void => {
      port.off('message', hear)
      port.off('close', gone)
      finish()
    }
    const gone = (): void => end(() => reject(new Error('the other side has ended')))
    const hear = (reply: Reply): void => {
      replies.push(reply)
      // A way in of its own, which must not be there, and must not keep the test alive either.
      if (reply.value instanceof MessagePort) reply.value.close()
      if (reply.id === 'last') end(() => resolve(replies))
    }
    port.on('message', hear)
    port.on('close', gone)
    port.postMessage(message)
    port.postMessage(call('last', ['greet'], 'you'))
  })
}

function assertStillServes(replies: readonly Reply[]): void {
  assert.equal(replies.at(-1)?.value, { value: 'hello you' })
}

const ARGUMENT = { type: 'RAW', value: 'return 1' }

/** What all asynchronous functions of the thread inherit from. */
const FUNCTIONS: object = Object.getPrototypeOf(async () => {})

/** Ways that lead past the methods offered: each by the request and the path. */
const WAYS: readonly (readonly [string, readonly string[]])[] = [
  ['APPLY', ['constructor']],
  ['APPLY', ['__proto__']],
  ['APPLY', ['toString']],
  ['APPLY', ['hasOwnProperty', 'constructor']],
  ['APPLY', ['greet', 'toString']],
  ['APPLY', ['greet', 'constructor']],
  ['APPLY', ['greet', 'call']],
  ['APPLY', []],
  ['CONSTRUCT', ['constructor']],
  ['CONSTRUCT', ['greet', 'constructor']],
  ['CONSTRUCT', ['greet', '__proto__', 'constructor']],
  ['CONSTRUCT', ['greet', 'constructor', '__proto__']],
  ['GET', ['greet', 'name']],
  ['GET', ['greet', '__proto__']],
  ['SET', ['greet']],
  ['SET', ['greet', 'evil']],
  ['SET', ['greet', '__proto__', 'evil']],
  ['SET', ['__proto__', 'evil']],
  ['ENDPOINT', []],
]

for (const [type, path] of WAYS) {
  test(`nothing but its methods can be reached: ${type} [${path.join(', ')}]`, async () => {
    const { port1, port2 } = new MessageChannel()
    exposeControl(port1, peerMethods)
    try {
      const attack = { id: 'attack', type, path, argumentList: [ARGUMENT], value: ARGUMENT }
      const replies = await repliesTo(port2, attack)
      assertStillServes(replies)
      const reached = replies.filter(({ id, name }) => id === 'attack' && name !== 'throw')
      assert.equal(
        reached.map(reply => `${reply.type} ${reply.name ?? ''}`),
        [],
        'it was answered as if it were a method',
      )
      assert.not('evil' in FUNCTIONS)
    } finally {
      Reflect.deleteProperty(FUNCTIONS, 'evil')
      port2.close()
    }
  })
}

const MALFORMED: readonly unknown[] = [
  5,
  null,
  'words',
  [],
  {},
  { id: 5, type: 'APPLY', path: ['greet'] },
  { id: 'x' },
  { id: 'x', type: 'APPLY' },
  { id: 'x', type: 'NONE', path: ['greet'] },
  { id: 'x', type: 'APPLY', path: 'greet' },
  { id: 'x', type: 'APPLY', path: [5] },
  { id: 'x', type: 'APPLY', path: [null] },
  { id: 'x', type: 'APPLY', path: undefined },
  { id: 'x', type: 'APPLY', path: ['nothing'] },
  { id: 'x', type: 'APPLY', path: ['nothing', 'at', 'all'] },
  { id: 'x', type: 'SET', path: ['greet'] },
  { id: 'x', type: 'APPLY', path: ['greet'], argumentList: 5 },
  { id: 'x', type: 'APPLY', path: ['greet'], argumentList: { length: 3 } },
  { id: 'x', type: 'APPLY', path: ['greet'], argumentList: [null] },
  { id: 'x', type: 'APPLY', path: ['greet'], argumentList: [5] },
  { id: 'x', type: 'APPLY', path: ['greet'], argumentList: [{ type: 'HANDLER', name: 'none', value: 5 }] },
  { id: 'x', type: 'APPLY', path: ['greet'], argumentList: [{ type: 'HANDLER', name: 'proxy', value: 5 }] },
  { id: 'x', type: 'APPLY', path: ['greet'], argumentList: [{ type: 'HANDLER', name: 'throw', value: {} }] },
]

for (const message of MALFORMED) {
  test(`a malformed message does not end the thread: ${JSON.stringify(message)}`, async () => {
    const { port1, port2 } = new MessageChannel()
    const worker = new Worker(new URL('./control-peer.js', import.meta.url), {
      workerData: { control: port2 },
      transferList: [port2],
    })
    const faults: unknown[] = []
    worker.on('error', error => faults.push(error))
    try {
      assertStillServes(await repliesTo(port1, message))
    } catch (error) {
      await new Promise(resolve => setImmediate(resolve))
      throw new Error(`${error instanceof Error ? error.message : error}: ${faults.join()}`)
    } finally {
      await worker.terminate()
    }
  })
}

test.run()
