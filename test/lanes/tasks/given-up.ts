import { currentTask } from 'multilane/task'
import { type Gate, openGate, passBy } from '../../support/gate.js'

export { blockAt } from '../../support/gate.js'

type GivenUp = typeof import('./given-up.js')

const lanes = () => currentTask<GivenUp, 'a' | 'other'>().lanes

let leave = (): void => {}
const leaving = new Promise<void>(resolve => {
  leave = resolve
})
let tried: Promise<void> | undefined

/** Never heeds its signal. In the teardown of its thread it submits a task, and opens the gate if it was refused that. */
export function goOn(started: Gate, refused: Gate, looksBefore: boolean): Promise<void> {
  if (looksBefore) lanes()
  tried = leaving.then(() => {
    passBy(refused)
    try {
      lanes().other.submit('echo', [1])
    } catch (error) {
      if ((error as { code?: unknown }).code === 'ERR_CLOSED') openGate(refused)
    }
  })
  passBy(started)
  return tried
}

export function echo(value: number): number {
  return value
}

export async function teardown(): Promise<void> {
  leave()
  await tried
}
