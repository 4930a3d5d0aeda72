import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { portContract } from '../contract/port-contract.js'
import { Actor } from './sim-actor.js'
import { SimChannels } from './sim-channels.js'
import { SimPort } from './sim-port.js'
import { SimWorld } from './sim-world.js'

portContract('simulated ports', () => {
  const world = new SimWorld(1)
  const [near, far] = SimPort.pair(world, new Actor('near'), new Actor('far'))
  const quiet = async (): Promise<void> => {
    while (world.step());
  }
  return { near, far, quiet }
})

const test = suite('simulated channels')

test('an end that is lost on its way closes the other, on real and simulated channels', async () => {
  const real = new MessageChannel()
  const realLost = new MessageChannel()
  const isClosed = new Promise<void>(resolve => realLost.port1.once('close', resolve))
  realLost.port1.ref()
  real.port1.postMessage(realLost.port2, [realLost.port2])
  real.port2.close()
  await isClosed

  for (const at of ['before it is posted', 'before it is taken']) {
    const world = new SimWorld(1)
    const channels = new SimChannels(world, new Actor('nobody'))
    const { port1, port2 } = channels.make()
    const [near, far] = [channels.open(port1, new Actor('near')), channels.open(port2, new Actor('far'))]
    const lost = channels.make()
    let closed = 0
    channels.open(lost.port1, near.actor).listen(
      () => {},
      () => closed++,
    )
    const post = (end: MessagePort): void => near.post({ end }, [end])
    if (at === 'before it is posted') far.close()
    post(lost.port2)
    if (at === 'before it is taken') far.close()
    while (world.step());
    assert.is(closed, 1, at)
  }
})

test('what an actor posts that is dead comes nowhere', () => {
  const world = new SimWorld(1)
  const poster = new Actor('near')
  const [near, far] = SimPort.pair(world, poster, new Actor('far'))
  let taken = 0
  far.listen(
    () => taken++,
    () => {},
  )
  near.post('before')
  poster.die()
  near.post('after')
  while (world.step());
  assert.is(taken, 1)
})

test.run()
