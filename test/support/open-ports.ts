import { setTimeout as sleep } from 'node:timers/promises'
import { queryObjects } from 'node:v8'
import { MessagePort } from 'node:worker_threads'
import { collectGarbage } from './garbage.js'

/** How many message ports of this thread something holds. */
export async function heldPorts(): Promise<number> {
  // What one collection finds dead is taken out of comlink's registry in a later turn, and goes with the next.
  for (let round = 0; round < 3; round++) {
    collectGarbage()
    await sleep(10)
  }
  return queryObjects(MessagePort, { format: 'count' })
}
