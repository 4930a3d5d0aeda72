import type { Session } from 'node:inspector'
import type { Timers } from '../core/reminders.js'

/** A stack that has not come by then does not come: the loop is held by native code, or main is. In milliseconds. */
const PATIENCE_MS = 100
/** How long a session stays open when no stack is wanted: at first, and at the most. In milliseconds. */
const LEAST_LINGER_MS = 1_000
const MOST_LINGER_MS = 3_600_000
/** The most lines that are asked for. */
const MOST_LINES = 30

interface Wanted {
  readonly threadId: number
  settle(stack: string | undefined): void
}

/** Of an evaluation. */
interface Reply {
  readonly id: number
  readonly result?: { readonly result?: { readonly value?: unknown } }
}

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
 * Reads the stacks of worker threads' event loops while JavaScript holds them.
 *
 * The inspector of the process interrupts the thread, and has it make an Error on top of what it is running: no debugger
 * is enabled, nothing pauses, and no code runs slower afterwards. All of it goes by way of the main thread's inspector,
 * which is interrupted too, so it does not come through while main is within native code (but does while main runs
 * JavaScript, or waits by `Atomics.wait`), nor while the thread itself is.
 *
 * The inspector attaches to every worker of the process or to none. To attach to a thread, and to detach from it, it has
 * to say something to it, and if that comes in the very moment in which the thread ends, Node aborts the process, in all
 * versions from 20 to 26: `MainThreadInterface::Post` takes a `shared_from_this` of what has no owner any more. The moment
 * is very short, and what counts is how often it can be hit: so the session stays open for a while after the last stack, and
 * for longer each time that it was closed too early. Meanwhile threads are attached to at their start, and only one that is
 * held is said anything to. It does not stay for good, since a process that exits while such a session is open says that it
 * waits for a debugger.
 */
export class LoopStacks {
  #opening: Promise<Session | undefined> | undefined
  #session: Session | undefined
  /** The inspector's name of what it has attached to, by `threadId`. */
  readonly #attached = new Map<number, string>()
  /** By the number of the question. */
  readonly #wanted = new Map<number, Wanted>()
  #asked = 0
  #linger = LEAST_LINGER_MS
  #stopLingering: () => void = () => {}
  readonly #timers: Timers

  constructor(timers: Timers) {
    this.#timers = timers
  }

  /**
   * @param threadId the `threadId` of the worker
   * @returns the lines of the stack, the library's and Node's left out; undefined where it cannot be had. Never rejects, and
   *   takes a tenth of a second at the most
   */
  async of(threadId: number): Promise<string | undefined> {
    this.#opening ??= this.#open()
    const session = await this.#opening
    if (session === undefined) return undefined
    this.#stopLingering()
    const stack = await this.#take(threadId, session)
    this.#stopLingering()
    this.#stopLingering = this.#timers.after(this.#linger, () => this.#close(session))
    return trimmed(stack)
  }

  /** Without a session no stack can be had: so in a Node that was built without an inspector. */
  async #open(): Promise<Session | undefined> {
    try {
      const { Session } = await import('node:inspector')
      const session = new Session()
      session.connectToMainThread()
      this.#session = session
      this.#listen(session)
      session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
      return session
    } catch {
      return undefined
    }
  }

  #listen(session: Session): void {
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      // What had come before the session was over is told after it.
      if (this.#session !== session) return
      const threadId = threadIdOf(workerInfo.title)
      this.#attached.set(threadId, sessionId)
      for (const [question, wanted] of this.#wanted) {
        if (wanted.threadId === threadId) this.#ask(question, sessionId, session)
      }
    })
    session.on('NodeWorker.detachedFromWorker', ({ params: { sessionId } }) => {
      for (const [threadId, name] of this.#attached) {
        if (name === sessionId) this.#attached.delete(threadId)
      }
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params: { message } }) => {
      const { id, result } = JSON.parse(message) as Reply
      const value = result?.result?.value
      this.#wanted.get(id)?.settle(typeof value === 'string' ? value : undefined)
    })
  }

  #take(threadId: number, session: Session): Promise<string | undefined> {
    return new Promise(resolve => {
      const question = ++this.#asked
      const settle = (stack: string | undefined): void => {
        stopTimer()
        this.#wanted.delete(question)
        resolve(stack)
      }
      const stopTimer = this.#timers.after(PATIENCE_MS, () => settle(undefined))
      this.#wanted.set(question, { threadId, settle })
      const sessionId = this.#attached.get(threadId)
      if (sessionId !== undefined) this.#ask(question, sessionId, session)
    })
  }

  #ask(question: number, sessionId: string, session: Session): void {
    const expression = { expression: TAKE_STACK, silent: true, returnByValue: true }
    const message = JSON.stringify({ id: question, method: 'Runtime.evaluate', params: expression })
    session.post('NodeWorker.sendMessageToWorker', { sessionId, message }, error => {
      if (error !== null) this.#wanted.get(question)?.settle(undefined)
    })
  }

  #close(session: Session): void {
    // Node never frees what it attached to and was not told to detach from: some 10 KB each time.
    for (const sessionId of this.#attached.values()) session.post('NodeWorker.detach', { sessionId })
    this.#attached.clear()
    this.#session = undefined
    this.#opening = undefined
    this.#linger = Math.min(2 * this.#linger, MOST_LINGER_MS)
    session.disconnect()
  }
}

/** As the inspector has it, `[worker 7] its name`. */
function threadIdOf(title: string): number {
  return Number(/^\[worker (\d+)\]/.exec(title)?.[1])
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
