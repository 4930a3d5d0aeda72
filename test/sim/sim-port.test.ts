import { portContract } from '../contract/port-contract.js'
import { Actor } from './sim-actor.js'
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
