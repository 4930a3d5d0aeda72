import { type Gate, passBy } from '../../support/gate.js'

export * from './thread-killers.js'

export function spin(gate: Gate): never {
  passBy(gate)
  for (;;);
}
