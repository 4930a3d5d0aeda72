import { setTimeout } from 'node:timers/promises'
import { MessagePort } from 'node:worker_threads'
import { currentTask, type TaskHandle } from 'multilane/task'
import { blockAt, type Gate, newGate, passBy, waitAt } from '../../support/gate.js'
import { type Tapped, tapPorts } from '../tapped-ports.js'

export * from './plain.js'

let tapped: Tapped | undefined

/** From now on it is known which ports the thread posts on, and what. */
export function tap(): void {
  tapped ??= tapPorts(MessagePort.prototype, message =>
    Array.isArray(message) ? 'answers' : isOf(message, 'expiry', 'fault') ? 'control' : undefined,
  )
}

/** Closes the port to whoever sent this, and does not answer. */
export async function closeAnswers(gate: Gate): Promise<number> {
  portOf('answers').close()
  await waitAt(gate)
  return 1
}

/** Holds its loop. */
export function hold(gate: Gate): void {
  blockAt(gate)
}

/** Waits for a task that another thread has submitted, and closes the port by which it would hear of it. */
export async function closeAndAwait(task: TaskHandle): Promise<unknown> {
  const { ports, stop } = tapPorts(MessagePort.prototype, message =>
    isOf(message, 'watch') ? 'waits' : undefined,
  )
  const outcome = task.result()
  stop()
  ports.get('waits')!.close()
  return outcome
}

/** Closes the port by which the supervisor knows what the thread submits, and then submits one more. */
export async function closeAndSubmit(begun: Gate, stopped: Gate): Promise<void> {
  const { ports, stop } = tapPorts(MessagePort.prototype, message =>
    isOf(message, 'reach') ? 'submits' : undefined,
  )
  const { other } = currentTask<typeof import('./port-breakers.js'), 'other'>().lanes
  await other.run('thread')
  stop()
  ports.get('submits')!.close()
  await setTimeout(2)
  other.submit('waitUntilStopped', [begun, stopped])
  await waitAt(newGate())
}

export async function waitUntilStopped(begun: Gate, stopped: Gate): Promise<void> {
  const { signal } = currentTask()
  passBy(begun)
  await new Promise(resolve => signal.addEventListener('abort', resolve))
  passBy(stopped)
}

/** Posts what makes no sense to whoever sent this, and to the supervisor; answers how many of each. */
export function babble(nonsense: readonly unknown[]): [answers: number, control: number] {
  for (const kind of ['answers', 'control']) for (const one of nonsense) portOf(kind).postMessage(one)
  return [nonsense.length, nonsense.length]
}

/** Posts the last answers once more. */
export function repeatAnswers(): void {
  const last = tapped?.last.get('answers')
  portOf('answers').postMessage(last)
}

function portOf(kind: string): MessagePort {
  const port = tapped?.ports.get(kind)
  if (port === undefined) throw new Error(`nothing has been posted to ${kind}`)
  return port
}

function isOf(message: unknown, ...types: readonly string[]): boolean {
  return typeof message === 'object' && message !== null && types.includes((message as { type: string }).type)
}
