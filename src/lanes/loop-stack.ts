import type { Session } from 'node:inspector'
import { nodeTimers } from './monotonic-clock.js'

/** A stack that has not come by then does not come: the loop is held by native code, or main is. In milliseconds. */
const PATIENCE_MS = 100
/** The most lines that are asked for. */
const MOST_LINES = 30

/** Leaves no trace on the thread where it is evaluated. */
const TAKE_STACK = `(() => {
  const limit = Error.stackTraceLimit
  try {
    Error.stackTraceLimit = ${MOST_LINES}
    return new Error().stack
  } finally {
    Error.stackTraceLimit = limit
  }
})()`

/**
 * Reads the stack of a worker thread's event loop while JavaScript holds it.
 *
 * The inspector of the process interrupts the thread, and has it make an Error on top of what it is running: no debugger
 * is enabled, nothing pauses, and no code runs slower afterwards. All of it goes by way of the main thread's inspector,
 * which is interrupted too, so it does not come through while main is within native code (but does while main runs
 * JavaScript, or waits by `Atomics.wait`), nor while the thread itself is.
 *
 * @param threadId the `threadId` of the worker
 * @returns the lines of the stack, the library's and Node's left out; undefined where it cannot be had. Never rejects, and
 *   takes a tenth of a second at the most
 */
export async function loopStack(threadId: number): Promise<string | undefined> {
  try {
    return trimmed(await takeStack(threadId))
  } catch {
    return undefined
  }
}

async function takeStack(threadId: number): Promise<string | undefined> {
  // Not there in a Node that was built without it.
  const { Session } = await import('node:inspector')
  const session = new Session()
  session.connectToMainThread()
  try {
    return await evaluate(session, threadId)
  } finally {
    session.disconnect()
  }
}

function evaluate(session: Session, threadId: number): Promise<string | undefined> {
  return new Promise(resolve => {
    let wanted: string | undefined
    // Node never frees what it attached to and was not told to detach from: some 10 KB each time.
    const detach = (sessionId: string): void => post('NodeWorker.detach', { sessionId })
    const settle = (stack: string | undefined): void => {
      stopTimer()
      if (wanted !== undefined) detach(wanted)
      wanted = undefined
      resolve(stack)
    }
    const stopTimer = nodeTimers.after(PATIENCE_MS, () => settle(undefined))
    const post = (method: string, params: object): void => {
      try {
        session.post(method, params, error => {
          if (error !== null) settle(undefined)
        })
      } catch {
        // The session is over. On a busy machine a word of it may come later still, and what is thrown at that would
        // be a warning of the process.
      }
    }
    // It attaches to every worker there is.
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      if (wanted !== undefined || !workerInfo.title.startsWith(`[worker ${threadId}]`)) {
        detach(sessionId)
        return
      }
      wanted = sessionId
      const expression = { expression: TAKE_STACK, silent: true, returnByValue: true }
      const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: expression })
      post('NodeWorker.sendMessageToWorker', { sessionId, message })
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      const { result } = JSON.parse(params.message) as { result?: { result?: { value?: unknown } } }
      const value = result?.result?.value
      settle(typeof value === 'string' ? value : undefined)
    })
    post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  })
}

/** What is of the task: neither our own look, nor what called the task. */
function trimmed(stack: string | undefined): string | undefined {
  const lines = (stack ?? '')
    .split('\n')
    .filter(line => /^\s+at /.test(line) && !/[\\/]lane-entry\.cjs:/.test(line))
  while (lines.length > 0 && /^\s+at <anonymous>:\d+:\d+$/.test(lines[0]!)) lines.shift()
  // Between the task and its caller is the async context, which Node enters.
  while (lines.length > 0 && /[( ]node:[^()]+\)?$/.test(lines.at(-1)!)) lines.pop()
  return lines.length === 0 ? undefined : lines.join('\n')
}
