import { currentTask } from 'multilane/task'
import { type Gate, openGate, passBy, waitAt } from '../../support/gate.js'

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

const looks: (() => boolean)[] = []

/** Leaves behind what looks whether it was cancelled. */
export function leaveLook(): void {
  const task = currentTask()
  looks.push(() => task.cancelled)
}

/** The same, and never ends. */
export async function lookForever(started: Gate): Promise<void> {
  leaveLook()
  passBy(started)
  await new Promise(() => {})
}

/** What the tasks before it see now. */
export function looked(): readonly boolean[] {
  return looks.map(look => look())
}

/** Never heeds its signal. At the first gate it waits until it is open; then it would block its thread at the second. */
export async function blockLater(later: Gate, hold: Gate, refused: Gate): Promise<void> {
  const { other } = lanes()
  await waitAt(later)
  try {
    other.submit('blockAt', [hold]).resultSync()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_TASK_CANCELED') openGate(refused)
  }
}

export function echo(value: number): number {
  return value
}

export async function teardown(): Promise<void> {
  leave()
  await tried
}
