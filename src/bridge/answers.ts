import type { Retries } from '../core/retries.js'
import type { Task } from '../core/task.js'
import { DONE, FAILED, STARTED, TIMED_OUT } from '../core/task-state.js'
import type { EncodedError } from './error-codec.js'
import { Failure } from './failure.js'
import type { LaneLink } from './lane-link.js'
import { UNREADABLE } from './port.js'
import { isTyped, type TypedMessage } from './protocol/typed-message.js'
import type { SenderContext } from './sender-context.js'
import type { Settlement } from './settlement.js'
import { FLOAT, FREE, INT, RECALLED } from './shared-table.js'
import type { UnreadMessages } from './unread-messages.js'

/** What comes back from a lane thread. Nothing in it is trusted: what makes no sense is dropped and counted. */
export class Answers {
  readonly #context: SenderContext
  readonly #settlement: Settlement
  readonly #retries: Retries
  readonly #unread: UnreadMessages

  constructor(context: SenderContext, settlement: Settlement, retries: Retries, unread: UnreadMessages) {
    this.#context = context
    this.#settlement = settlement
    this.#retries = retries
    this.#unread = unread
  }

  receive(link: LaneLink, message: unknown): void {
    if (Array.isArray(message)) this.#receiveBatch(link, message)
    else if (message === UNREADABLE) this.#unread.answersUnread(link)
    else if (!isTyped(message)) this.#context.stray()
    else if (message.type === 'started' && Array.isArray(message.ids)) this.#receiveStarts(message.ids)
    else if (message.type === 'slow') this.#receiveSlow(message)
    else if (message.type === 'room') link.roomMade()
    else if (message.type === 'outcome')
      this.#context.imports.answered(message as never, message.outcome as never)
    else if (!this.#receiveUnread(link, message)) this.#context.stray()
  }

  /** @returns whether it made sense */
  #receiveUnread(link: LaneLink, { type, ids }: TypedMessage): boolean {
    if (type === 'answers-sent') return this.#unread.answersSent(link)
    if (type === 'tasks-unread') this.#unread.tasksUnread(link)
    else if (type === 'tasks-missing' && Array.isArray(ids)) this.#unread.tasksMissing(link, ids)
    else return false
    return true
  }

  #receiveStarts(ids: readonly unknown[]): void {
    for (const id of ids) {
      const task = this.#context.sent.find(id)
      if (task !== undefined && !task.dead) this.#settlement.noteStart(task, id as number)
    }
  }

  #receiveSlow({ id, held }: TypedMessage): void {
    const { sent, environment, deliveries } = this.#context
    const task = sent.find(id)
    if (task === undefined || typeof held !== 'number') this.#context.stray()
    else deliveries.deliver(() => environment.watcher?.slow(task, held))
  }

  #receiveBatch(link: LaneLink, batch: readonly unknown[]): void {
    const { sent } = this.#context
    const elapsed = batch[0]
    let answered = 0
    link.movedAt = this.#context.environment.clock.now()
    for (let i = 1; i + 1 < batch.length; i += 2) {
      const id = batch[i] as number
      const state = sent.table.holds(id) ? sent.table.state(id) : -1
      const task = state > FREE ? sent.at(id) : undefined
      if (task === undefined || sent.table.int(id, INT.THREAD) !== link.thread) {
        this.#context.stray()
        continue
      }
      // What did not run says nothing of how long tasks take.
      if (sent.table.int(id, INT.VERDICT) > 0) answered++
      if (!this.#settle(task, id, state, batch[i + 1])) {
        this.#context.stray()
        continue
      }
      link.answered(id, state === RECALLED)
      sent.release(id)
      this.#settlement.slotFreed(task, id)
    }
    if (answered > 0 && typeof elapsed === 'number' && elapsed >= 0 && elapsed < Number.POSITIVE_INFINITY)
      link.window.measured(answered, elapsed)
  }

  /** Returns whether the answer made sense, and the slot is free. */
  #settle(task: Task, id: number, seen: number, value: unknown): boolean {
    const { table } = this.#context.sent
    // Decided earlier, or taken back: this is the thread's word that it has done with the slot.
    if (task.id !== id) return true
    let state = seen
    if (state === STARTED) {
      const verdict = table.int(id, INT.VERDICT)
      if (verdict !== DONE && verdict !== FAILED) return false
      state = table.exchange(id, STARTED, verdict) ? verdict : table.state(id)
    }
    switch (state) {
      case DONE:
        this.#settlement.noteStart(task, id)
        this.#settlement.finish(task, DONE, value, table.float(id, FLOAT.ENDED))
        return true
      case FAILED:
        this.#settlement.noteStart(task, id)
        if (this.#retries.afterFailure(task, (value as EncodedError).fields?.code)) {
          if (task.extras!.home !== 0) this.#context.exports.startsAgain(task)
          return true
        }
        this.#settlement.finish(
          task,
          FAILED,
          Failure.remote(value as EncodedError),
          table.float(id, FLOAT.ENDED),
        )
        return true
      case TIMED_OUT:
        this.#settlement.timedOut(task, id)
        return true
      default:
        return false
    }
  }
}
