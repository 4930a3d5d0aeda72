import { isOwnFrame } from '../bridge/own-frames.js'
import { stackOf } from '../bridge/stack-text.js'
import type { CallTarget, Task } from '../core/task.js'

/** A function is looked at for its first so many submissions, whatever it then turns out to be. */
const FIRST_SUBMISSIONS = 50
/** From then on one in so many is looked at, so that the last place known is not too old. A power of 2. */
const ONE_IN = 1024
/** Places are kept for the latest so many tasks of a lane; what is older has only the last of its function. */
const MOST_KEPT = 1000

/** Takes a stack; it is made into text only when somebody reads it. */
interface Capture {
  readonly stack: unknown
}

/** What is known of one function. */
interface FunctionSites {
  submissions: number
  /** It has been reported slow before. */
  isSuspect: boolean
  last: Capture | undefined
}

/** Where a task was submitted. */
export interface SubmissionSite {
  /** Lines of a stack, without ours; undefined if nothing is known. */
  readonly submittedAt: string | undefined
  /** Whether it is of this very task. */
  readonly isExactPlace: boolean
}

/**
 * Remembers where the tasks of one lane were submitted, for those that turn out to be slow.
 *
 * To take a stack costs a microsecond and hundreds of bytes, so not every task is looked at: only while somebody wants
 * to know, and of each function the first few dozen submissions, then one in a thousand, and all of them once it has
 * been slow. So the first slow task of a program has its place, and a million fast ones cost nothing.
 */
export class SubmissionSites {
  /** Whether somebody wants to know. */
  isWanted = false
  readonly #functions = new WeakMap<CallTarget, FunctionSites>()
  /** A stack that nobody has read holds the functions on it, and what those hold: it goes with its task. */
  readonly #kept = new WeakMap<Task, Capture>()
  /** The tasks that have one, as far as they are still there: the latest, in a ring. */
  readonly #latest: WeakRef<Task>[] = []
  #next = 0

  /** To be called within the call that submits the task. */
  note(task: Task): void {
    if (this.isWanted) this.#look(task)
  }

  /** The task has been slow: where it was submitted. */
  reportedSlow(task: Task): SubmissionSite {
    const sites = this.#sitesOf(task.target)
    sites.isSuspect = true
    const own = this.#kept.get(task)
    this.#kept.delete(task)
    return { submittedAt: textOf(own ?? sites.last), isExactPlace: own !== undefined }
  }

  #look(task: Task): void {
    const sites = this.#sitesOf(task.target)
    const count = sites.submissions++
    if (!sites.isSuspect && count >= FIRST_SUBMISSIONS && (count & (ONE_IN - 1)) !== 0) return
    const capture = {} as Capture
    Error.captureStackTrace(capture, this.note)
    sites.last = capture
    this.#kept.set(task, capture)
    const oldest = this.#latest[this.#next]?.deref()
    if (oldest !== undefined) this.#kept.delete(oldest)
    this.#latest[this.#next] = new WeakRef(task)
    this.#next = (this.#next + 1) % MOST_KEPT
  }

  #sitesOf(target: CallTarget): FunctionSites {
    let sites = this.#functions.get(target)
    if (sites === undefined) {
      sites = { submissions: 0, isSuspect: false, last: undefined }
      this.#functions.set(target, sites)
    }
    return sites
  }
}

function textOf(capture: Capture | undefined): string | undefined {
  if (capture === undefined) return undefined
  const lines = stackOf(capture)
    .split('\n')
    .filter(line => /^\s+at /.test(line) && !isOwnFrame(line))
  // What our own frames had called in between, as the constructor of a promise.
  const first = lines.findIndex(line => !line.endsWith('(<anonymous>)'))
  return first === -1 ? undefined : lines.slice(first).join('\n')
}
