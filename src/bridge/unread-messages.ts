import { NotCloneableError, ResultNotCloneableError } from '../core/errors.js'
import type { Retries } from '../core/retries.js'
import type { Task } from '../core/task.js'
import { FAILED, TIMED_OUT } from '../core/task-state.js'
import { Failure } from './failure.js'
import type { LaneLink } from './lane-link.js'
import type { Outbox } from './outbox.js'
import { tooDeep } from './port.js'
import type { SenderContext } from './sender-context.js'
import type { Settlement } from './settlement.js'
import { FLOAT, INT, RECALLED } from './shared-table.js'

/** A slot that is out, and its task. */
interface Slot {
  readonly id: number
  readonly task: Task
}

/** What a lane's sender needs to deal with what was lost. */
export interface UnreadSide {
  readonly settlement: Settlement
  readonly retries: Retries
  readonly outbox: Outbox
  /** Called with a task that is to be sent once more: it is in nobody's hands. */
  takenBack(task: Task): void
}

/**
 * What becomes of tasks whose messages could be written, and not be read: nested too deeply for the stack of the thread that
 * they came to. Such a message is gone, and nobody knows what was in it; but ports keep order, and so it can be told.
 *
 * *Answers.* When one was unreadable, the slots are noted that the thread had answered by then, and it is asked to send what
 * it has answered (`answers-unread`). What is still open of those when it says that it has (`answers-sent`) was in what could
 * not be read. These tasks fail, but for those of several that are idempotent, which are run again; and from then on the
 * thread posts each answer by itself, so that none takes others with it.
 *
 * *Tasks.* When one was unreadable, the thread says so (`tasks-unread`), is told what it had been sent by then and not begun
 * (`tasks-sent`), and names what of that it does not have (`tasks-missing`). These leave once more, each by itself; and what
 * is missing then fails.
 */
export class UnreadMessages {
  readonly #context: SenderContext
  readonly #lane: string
  readonly #side: UnreadSide
  /** What had been answered at each unreadable message whose `answers-sent` has not come. */
  readonly #answered = new WeakMap<LaneLink, (readonly Slot[])[]>()

  constructor(context: SenderContext, lane: string, side: UnreadSide) {
    this.#context = context
    this.#lane = lane
    this.#side = side
  }

  /** A message of a thread could not be read. */
  answersUnread(link: LaneLink): void {
    const { table } = this.#context.sent
    const noted = this.#answered.get(link) ?? []
    this.#answered.set(link, noted)
    noted.push(this.#slotsOn(link).filter(({ id }) => table.int(id, INT.VERDICT) !== 0))
    link.send({ type: 'answers-unread' })
  }

  /** A thread has sent what it had answered. @returns false if it was not asked to */
  answersSent(link: LaneLink): boolean {
    const noted = this.#answered.get(link)?.shift()
    if (noted === undefined) return false
    const lost = noted.filter(({ id, task }) => this.#context.sent.find(id) === task)
    for (const { id, task } of lost) this.#lose(link, id, task, lost.length === 1)
    return true
  }

  /** A message to a thread could not be read. */
  tasksUnread(link: LaneLink): void {
    const ids = this.#slotsOn(link)
      .map(({ id }) => id)
      .filter(id => this.#isUnbegun(id))
    link.send({ type: 'tasks-sent', ids })
  }

  /** A thread has not got what it was sent. Of two messages that could not be read, each names what was in either. */
  tasksMissing(link: LaneLink, ids: readonly unknown[]): void {
    const { sent } = this.#context
    for (const id of ids) {
      const task = sent.find(id)
      const slot = id as number
      if (task === undefined || sent.table.int(slot, INT.THREAD) !== link.thread) continue
      if (this.#isUnbegun(slot)) this.#sendAgain(link, slot, task)
    }
  }

  #slotsOn({ thread }: LaneLink): Slot[] {
    const { sent } = this.#context
    return sent.of(this.#lane).filter(({ id }) => sent.table.int(id, INT.THREAD) === thread)
  }

  #isUnbegun(id: number): boolean {
    const { table } = this.#context.sent
    return table.int(id, INT.VERDICT) === 0 && table.float(id, FLOAT.STARTED) === 0
  }

  /** @param isToBlame whether it was the only one in what could not be read */
  #lose(link: LaneLink, id: number, task: Task, isToBlame: boolean): void {
    const { sent } = this.#context
    const wasTakenBack = sent.table.state(id) === RECALLED
    if (task.id === id) this.#settle(task, id, isToBlame)
    link.answered(id, wasTakenBack)
    sent.release(id)
    this.#side.settlement.slotFreed(task, id)
  }

  #settle(task: Task, id: number, isToBlame: boolean): void {
    const { table } = this.#context.sent
    const { settlement, retries } = this.#side
    if (table.state(id) === TIMED_OUT) {
      settlement.timedOut(task, id)
      return
    }
    settlement.noteStart(task, id)
    const hasFailed = table.int(id, INT.VERDICT) === FAILED && retries.afterFailure(task, undefined)
    // One that may be run again most likely had nothing to do with it, and its next answer comes by itself.
    if (hasFailed || (!isToBlame && retries.afterDeath(task))) {
      if (task.extras!.home !== 0) this.#context.exports.startsAgain(task)
      return
    }
    const error = new ResultNotCloneableError('result', { cause: tooDeep() })
    settlement.finish(task, FAILED, Failure.of(error), table.float(id, FLOAT.ENDED))
  }

  #sendAgain(link: LaneLink, id: number, task: Task): void {
    const { settlement, outbox, takenBack } = this.#side
    if (!outbox.unsend(link, id, task) || task.dead) return
    if (outbox.sendsAlone(task) || (task.extras?.transfer ?? null) !== null) {
      const error = new NotCloneableError('args', { cause: tooDeep() })
      settlement.finishUnstarted(task, FAILED, Failure.of(error))
      return
    }
    outbox.sendAlone(task)
    takenBack(task)
  }
}
