import { LaneError } from '../core/errors.js'
import type { Answers } from './answers.js'
import type { CallTargets } from './call-targets.js'
import type { Dispatch } from './dispatch.js'
import { decodeError } from './error-codec.js'
import { LaneLink } from './lane-link.js'
import type { LaneLinks } from './lane-links.js'
import type { LaneWaits } from './lane-waits.js'
import type { LostThreads } from './lost-threads.js'
import type { CrewChange, ThreadJoined } from './protocol/supervisor-to-sender.js'
import type { Recall } from './recall.js'
import type { SenderContext } from './sender-context.js'
import { INT } from './shared-table.js'

/** How long the supervisor has to tell why a port closed, in milliseconds. It may have a busy machine to itself. */
const EXPLANATION_MS = 7_000

/** What of a lane's sender has to do with the lane's threads. */
export interface CrewSide {
  readonly links: LaneLinks
  readonly waits: LaneWaits
  readonly dispatch: Dispatch
  readonly recall: Recall
  readonly targets: CallTargets
  readonly answers: Answers
  readonly lost: LostThreads
}

/**
 * The threads of a lane as one sender knows them, from when they join to when they are gone.
 *
 * | state       | known by               | left by                                                                         |
 * |-------------|------------------------|---------------------------------------------------------------------------------|
 * | used        | its link               | `thread-leaving` → to go; its loss → unknown                                    |
 * | to go       | its link, `leaving`    | `thread-staying` → used; the last answer, told by `released`, or its loss → unknown |
 * | unknown     | nothing but its slots, | `thread-joined` → used: a thread that stays after all joins anew                |
 * |             | if it is lost          |                                                                                 |
 */
export class LaneCrew {
  readonly #context: SenderContext
  readonly #lane: string
  readonly #side: CrewSide

  constructor(context: SenderContext, lane: string, side: CrewSide) {
    this.#context = context
    this.#lane = lane
    this.#side = side
  }

  /** Takes what the supervisor tells of a thread of the lane. */
  receive(change: CrewChange): void {
    const { thread } = change
    switch (change.type) {
      case 'thread-joined':
        this.#joined(change)
        break
      case 'thread-leaving':
        this.#leaving(thread)
        break
      case 'thread-staying':
        this.#staying(thread)
        break
      case 'thread-lost':
        this.lost(thread, decodeError(change.error), change.blamed)
        break
      case 'thread-exited':
        this.#side.lost.exited(thread)
    }
  }

  /** Takes a message of a thread. */
  hear(link: LaneLink, message: unknown): void {
    if (!this.#isCurrent(link)) return
    this.#side.answers.receive(link, message)
    this.#releaseIfDone(link)
  }

  /** The port to a thread has closed. */
  closed(link: LaneLink): void {
    // It may be heard of by the bell and by the event loop.
    if (!this.#isCurrent(link) || link.isClosed) return
    link.isClosed = true
    const lane = this.#lane
    // The supervisor knows of what, or sees to it that the thread is as lost as its port; and tells.
    this.#context.tell({ type: 'link-lost', lane, thread: link.thread })
    link.stopWaiting = this.#context.environment.timers.after(EXPLANATION_MS, () => {
      const message = `the port to a thread of lane '${lane}' closed`
      if (this.#isCurrent(link)) this.lost(link.thread, new LaneError('ERR_LANE_CLOSED', lane, message))
    })
  }

  /**
   * A thread is lost: what it answered still counts, what it had started fails, what it had not moves.
   *
   * @param blamed the id of the task on account of which it was ended, if it is one of these
   */
  lost(thread: number, error: Error, blamed?: number): void {
    const { links, answers, lost, dispatch } = this.#side
    const link = links.get(thread)
    if (link === undefined) return
    for (let next = link.port.take(); next !== undefined; next = link.port.take())
      answers.receive(link, next.message)
    this.#forget(link)
    lost.recover(thread, error, blamed)
    dispatch.queueFlush()
  }

  loseAll(error: Error): void {
    for (const thread of [...this.#side.links.keys()]) this.lost(thread, error)
  }

  #joined({ thread, port: messagePort, block, names }: ThreadJoined): void {
    const { links, targets, waits, dispatch } = this.#side
    const port = this.#context.environment.openPort(messagePort)
    const link = new LaneLink(thread, port, block, targets.learn(names))
    links.set(thread, link)
    for (const [index, buffer] of this.#context.sent.table.buffers.entries())
      link.send({ type: 'segment', index, buffer })
    waits.joined(link)
    port.listen(
      message => waits.heard(link, message),
      () => this.closed(link),
    )
    this.#context.imports.joined(this.#lane, message => link.send(message))
    dispatch.flush()
  }

  /** A thread is to go: it gets nothing more, and is released when it has answered all it has. */
  #leaving(thread: number): void {
    const { links, recall, dispatch } = this.#side
    const link = links.get(thread)
    if (link === undefined) {
      this.#context.tell({ type: 'released', lane: this.#lane, thread })
      return
    }
    link.leaving = true
    const { sent } = this.#context
    for (const task of sent.unstarted(this.#lane))
      if (sent.table.int(task.id, INT.THREAD) === thread) recall.takeBack(task)
    dispatch.queueFlush()
    this.#releaseIfDone(link)
  }

  #staying(thread: number): void {
    const link = this.#side.links.get(thread)
    // It was released before this was heard, which is the answer.
    if (link === undefined) return
    link.leaving = false
    this.#context.tell({ type: 'stayed', lane: this.#lane, thread })
    this.#side.dispatch.queueFlush()
  }

  #releaseIfDone(link: LaneLink): void {
    if (!link.leaving || link.outstanding > 0 || this.#context.imports.isAsking(link.thread)) return
    this.#forget(link)
    this.#context.tell({ type: 'released', lane: this.#lane, thread: link.thread })
    this.#side.dispatch.queueFlush()
  }

  #forget(link: LaneLink): void {
    this.#side.links.delete(link.thread)
    this.#context.imports.threadLost(link.thread)
    link.port.close()
    link.stopWaiting()
  }

  #isCurrent(link: LaneLink): boolean {
    return this.#side.links.get(link.thread) === link
  }
}
