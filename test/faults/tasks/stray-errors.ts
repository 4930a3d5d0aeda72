import { setTimeout as sleep } from 'node:timers/promises'
import { type Gate, waitAt } from '../../support/gate.js'

export * from './plain.js'

/** How an error gets away from the call that made it. */
export type Stray = 'rejection' | 'timer' | 'microtask'

function letStray(how: Stray, message: string): void {
  switch (how) {
    case 'rejection':
      Promise.reject(new RangeError(message))
      break
    case 'timer':
      setTimeout(() => {
        throw new RangeError(message)
      }, 1)
      break
    case 'microtask':
      queueMicrotask(() => {
        throw new RangeError(message)
      })
  }
}

export async function strayWhileRunning(how: Stray, gate: Gate): Promise<string> {
  await sleep(1)
  letStray(how, `${how} while running`)
  await waitAt(gate)
  return 'the end'
}

export function strayAfterResult(how: Stray): string {
  letStray(how, `${how} after the result`)
  return 'the result'
}

export async function strayAfterLaterResult(how: Stray): Promise<string> {
  await sleep(1)
  setTimeout(() => letStray(how, `${how} after the result`), 1)
  return 'the result'
}
