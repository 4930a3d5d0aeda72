import { setImmediate as nextTurn } from 'node:timers/promises'
import { MessageChannel, Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryPort, mailByTurns } from '#src/bridge/memory-port.js'
import { ThreadPort } from '#src/bridge/port.js'
import { portContract } from '../contract/port-contract.js'

portContract('memory ports', () => {
  const ports = new Set<MemoryPort>()
  const [near, far] = MemoryPort.pair({ posted: port => ports.add(port) })
  const quiet = async (): Promise<void> => {
    while ([...ports].some(port => port.ready)) for (const port of ports) port.deliver()
  }
  return { near, far, quiet }
})

/** A port hands over up to 1,000 messages a turn, and its end some turns after the last. */
const ENOUGH_TURNS = 20

portContract('memory ports, by turns of the loop', () => {
  const [near, far] = MemoryPort.pair(mailByTurns(call => void setImmediate(call)))
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < ENOUGH_TURNS; turn++) await nextTurn()
  }
  return { near, far, quiet }
})

portContract('ports between threads', () => {
  const { port1, port2 } = new MessageChannel()
  const quiet = async (): Promise<void> => {
    for (let turn = 0; turn < ENOUGH_TURNS; turn++) await nextTurn()
  }
  return { near: new ThreadPort(port1), far: new ThreadPort(port2), quiet }
})

const test = suite('bridge: ports between real threads')

test('a port may be asked for messages as it closes', async () => {
  const { port1, port2 } = new MessageChannel()
  const port = new ThreadPort(port1)
  port.hold(true)
  const taken = await new Promise(resolve => {
    port.listen(
      () => {},
      () => resolve(port.take()),
    )
    port2.close()
  })
  assert.is(taken, undefined)
  assert.is(port.take(), undefined)
})

/** Runs a few lines on a thread that has the other end of a port. */
function startThread(code: string): { readonly port: ThreadPort; readonly worker: Worker } {
  const { port1, port2 } = new MessageChannel()
  const source = `const { port } = require('node:worker_threads').workerData\n${code}`
  const worker = new Worker(source, { eval: true, workerData: { port: port2 }, transferList: [port2] })
  return { port: new ThreadPort(port1), worker }
}

/** All messages of a port, once it has ended. */
function untilEnd(port: ThreadPort): Promise<unknown[]> {
  const log: unknown[] = []
  return new Promise(resolve => {
    port.listen(
      message => log.push(message),
      () => resolve(log),
    )
    port.hold(true)
  })
}

const COUNT = 3000
const EXPECTED = Array.from({ length: COUNT }, (_, i) => i)

for (const [how, ending] of [
  ['closes its port', 'port.close()'],
  ['leaves', ''],
  ['exits', 'process.exit(0)'],
  ['dies of an error', 'throw new Error("it dies")'],
  ['dies in the midst of a turn, its loop held', 'port.postMessage("held"); for (;;);'],
] as const) {
  test(`all that a thread posted arrives before the end of its port: it ${how}`, async () => {
    const { port, worker } = startThread(`for (let i = 0; i < ${COUNT}; i++) port.postMessage(i)\n${ending}`)
    worker.on('error', () => {})
    const log: unknown[] = []
    const ended = new Promise<void>(resolve => {
      port.listen(message => {
        log.push(message)
        if (message === 'held') void worker.terminate()
      }, resolve)
      port.hold(true)
    })
    await ended
    assert.equal(
      log.filter(message => message !== 'held'),
      EXPECTED,
    )
    await worker.terminate()
  })
}

test('a thread that is being terminated takes nothing, where Node gives it a message of undefined', () => {
  const { port1, port2 } = new MessageChannel()
  port1.postMessage(undefined)
  assert.is(new ThreadPort(port2).take(), undefined)
  port1.close()
})

test('what a dead thread had posted can be taken without the event loop', async () => {
  const { port, worker } = startThread('port.postMessage(1); port.postMessage(2)')
  await new Promise(resolve => worker.once('exit', resolve))
  assert.equal([port.take(), port.take(), port.take()], [{ message: 1 }, { message: 2 }, undefined])
})

test('messages reach a thread in the order they were posted', async () => {
  const { port, worker } = startThread(`
    port.on('message', message => {
      port.postMessage(message)
      if (message === ${COUNT - 1}) port.close()
    })`)
  const echoed = untilEnd(port)
  for (const number of EXPECTED) port.post(number)
  assert.equal(await echoed, EXPECTED)
  await worker.terminate()
})

/** A port, and whether it holds the event loop. */
function observedPort(): { readonly port: ThreadPort; readonly isHeld: () => boolean } {
  const { port1 } = new MessageChannel()
  return {
    port: new ThreadPort(port1),
    isHeld: () => (port1 as unknown as { hasRef(): boolean }).hasRef(),
  }
}

function listenIdly(port: ThreadPort): void {
  port.listen(
    () => {},
    () => {},
  )
}

test('a port does not hold the event loop until it is told to, and then until told otherwise', () => {
  const { port, isHeld } = observedPort()
  assert.is(isHeld(), false)
  listenIdly(port)
  assert.is(isHeld(), false, 'listening holds it')
  port.hold(true)
  assert.is(isHeld(), true)
  port.hold(false)
  assert.is(isHeld(), false)
  port.close()
})

test('a port that was told to hold before anybody listened goes on holding', () => {
  const { port, isHeld } = observedPort()
  port.hold(true)
  listenIdly(port)
  assert.is(isHeld(), true)
  port.close()
})

test.run()
