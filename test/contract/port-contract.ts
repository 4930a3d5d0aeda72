import { portEnding } from './port-ending.js'
import { portMessages } from './port-messages.js'
import type { PortPair } from './port-pair.js'

/** Has the promises of `Port` kept by an implementation of it. */
export function portContract(name: string, makePair: () => PortPair): void {
  portMessages(name, makePair)
  portEnding(name, makePair)
}
