import type { ThreadBlock } from '../bridge/thread-block.js'
import type { StallAction } from '../core/stall-action.js'
import type { LaneConfig } from './lane-config.js'
import { isHeldStill, type Stall } from './stall-watch.js'

/** As much of a lane as is needed to do something about a stalled thread of it. */
export interface StallableLane<T> {
  readonly config: Pick<LaneConfig, 'name' | 'onStall'>
  /** Has a fresh thread take over from it; false if that cannot be. */
  replaceStalled(thread: T): boolean
  /** Ends it, and with it the task that holds its loop; false if that cannot be. */
  endStalled(thread: T, stall: Stall): boolean
}

/** As much of a lane thread. */
export interface StallableThread {
  readonly number: number
  readonly block: Pick<ThreadBlock, 'holder' | 'holderSender' | 'signs'>
  /** What it runs in. */
  readonly worker: { readonly threadId: number } | null
}

/** Who knows the threads, and whom to tell. */
export interface StallResponseTerms<L, T> {
  find(thread: number): { readonly lane: L; readonly thread: T } | undefined
  /** The stack of a worker, by its `threadId`. */
  stackOf(threadId: number): Promise<string | undefined>
  tell(stall: AnsweredStall): void
}

/** A stall, with what was done about it. */
export interface AnsweredStall extends Stall {
  /** `report` if nothing more was, whatever the lane's `onStall` says. */
  readonly action: StallAction
  /** Where the loop is, if that could be seen. */
  readonly stack: string | undefined
}

/**
 * Does about a stall what the lane's `onStall` says, and tells of it.
 *
 * | the lane's `onStall` | what is done                                                    | when                           |
 * |----------------------|-----------------------------------------------------------------|--------------------------------|
 * | `report`             | nothing                                                         |                                |
 * | `replace`            | the thread retires, and a fresh one takes over what has not     | at once: its stack is looked   |
 * |                      | started on it                                                   | at meanwhile                   |
 * | `terminate`          | the thread is ended                                             | when its stack has been looked |
 * |                      |                                                                 | at: then there is none         |
 *
 * A lane has a budget for that, and is told of the stall alone when it is spent. As long as such a stall lasts it is tried
 * again, and if that succeeds it is told once more.
 */
export class StallResponse<L extends StallableLane<T>, T extends StallableThread> {
  readonly #terms: StallResponseTerms<L, T>
  /** What was told last of each thread. */
  readonly #told = new Map<number, AnsweredStall>()

  constructor(terms: StallResponseTerms<L, T>) {
    this.#terms = terms
  }

  async begin(stall: Stall): Promise<void> {
    const found = this.#terms.find(stall.thread)
    if (found === undefined) return
    const { lane, thread } = found
    const first = lane.config.onStall === 'replace' ? this.#act(lane, thread, stall) : 'report'
    const threadId = thread.worker?.threadId
    const stack = threadId === undefined ? undefined : await this.#terms.stackOf(threadId)
    const action = lane.config.onStall === 'terminate' ? this.#act(lane, thread, stall) : first
    this.#tell({ ...stall, action, stack })
  }

  /** It lasts: what could not be done about it before is tried again. */
  persists(stall: Stall, silent: number): void {
    const told = this.#told.get(stall.thread)
    const found = this.#terms.find(stall.thread)
    if (told?.report !== stall.report || told.action !== 'report' || found === undefined) return
    const action = this.#act(found.lane, found.thread, stall)
    if (action !== 'report') this.#tell({ ...told, silent, action })
  }

  /** What was told of a stall, or is as good as told. */
  answerTo(stall: Stall): AnsweredStall {
    const told = this.#told.get(stall.thread)
    if (told?.report !== stall.report) return { ...stall, action: 'report', stack: undefined }
    return { ...told, silent: stall.silent }
  }

  /** A thread is gone. */
  forget(thread: number): void {
    this.#told.delete(thread)
  }

  #tell(stall: AnsweredStall): void {
    // Of one that is gone by now nothing more is to be told.
    if (this.#terms.find(stall.thread) !== undefined) this.#told.set(stall.thread, stall)
    this.#terms.tell(stall)
  }

  #act(lane: L, thread: T, stall: Stall): StallAction {
    // It has let go meanwhile, just so.
    if (!isHeldStill(thread.block, stall)) return 'report'
    switch (lane.config.onStall) {
      case 'replace':
        return lane.replaceStalled(thread) ? 'replace' : 'report'
      case 'terminate':
        return lane.endStalled(thread, stall) ? 'terminate' : 'report'
      default:
        return 'report'
    }
  }
}
