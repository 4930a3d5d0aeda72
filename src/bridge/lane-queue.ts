import { QueuePlaces } from './queue-places.js'
import type { LaneTerms, SenderContext } from './sender-context.js'

/** The queue of a lane as one of its submitters sees it: whether there is room, and who is told when there is again. */
export class LaneQueue {
  readonly #context: SenderContext
  readonly #lane: string
  readonly #limit: number
  readonly #places: QueuePlaces

  constructor(context: SenderContext, { name, index, queueLimit, queue }: LaneTerms) {
    this.#context = context
    this.#lane = name
    this.#limit = queueLimit
    this.#places = new QueuePlaces(queue, context.environment.home?.places ?? null, index)
  }

  /** Takes a place for a task. @returns whether there was one */
  enter(): boolean {
    return this.#places.take(this.#limit)
  }

  /** Takes a place for a task that is to be run again, whether there is room or not. */
  enterAgain(): void {
    this.#places.takeAgain()
  }

  /** A task that had a place has ended, or left it to end. */
  left(): void {
    this.#places.giveBack()
    this.#tell()
  }

  /** Has a sent task that has not started end in a final state, if it has not started meanwhile. @returns whether it has */
  end(id: number, state: number): boolean {
    const hasEnded = this.#places.leave(this.#context.sent.table, id, state)
    if (hasEnded) this.#tell()
    return hasEnded
  }

  /** Asks to be told when there is room. To be followed by another look. */
  wait(): void {
    this.#places.want()
  }

  #tell(): void {
    if (this.#places.heed()) this.#context.tell({ type: 'queue-room', lane: this.#lane })
  }
}
