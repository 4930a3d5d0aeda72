import { MultilaneError } from '../core/errors.js'
import type { Retries } from '../core/retries.js'
import type { Task } from '../core/task.js'
import { FAILED, SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'
import { Failure } from './failure.js'
import type { SenderContext } from './sender-context.js'
import type { Settlement } from './settlement.js'
import { INT, RECALLED } from './shared-table.js'

/**
 * The tasks and slots of threads that are lost. What had not started moves; what had fails with the thread's loss, or is
 * run again. The slots stay taken until the thread has exited: until then it could still touch them.
 */
export class LostThreads {
  readonly #context: SenderContext
  readonly #lane: string
  readonly #settlement: Settlement
  readonly #retries: Retries
  readonly #takenBack: (task: Task) => void
  readonly #quarantine = new Map<number, readonly { readonly id: number; readonly task: Task }[]>()

  /** @param takenBack called with a task that had not started: it is in nobody's hands */
  constructor(
    context: SenderContext,
    lane: string,
    settlement: Settlement,
    retries: Retries,
    takenBack: (task: Task) => void,
  ) {
    this.#context = context
    this.#lane = lane
    this.#settlement = settlement
    this.#retries = retries
    this.#takenBack = takenBack
  }

  /**
   * @param error what befell the thread
   * @param blamed the id of the task that is to blame for it, if one is
   */
  recover(thread: number, error: Error, blamed?: number): void {
    const { sent } = this.#context
    const there = sent.of(this.#lane).filter(({ id }) => sent.table.int(id, INT.THREAD) === thread)
    this.#quarantine.set(thread, there)
    // Settled tasks, and those that were taken back earlier, have left only their slots.
    for (const { id, task } of there) if (task.id === id) this.#recoverTask(id, task, error, id === blamed)
  }

  /** Nothing on the thread can touch its slots any more. */
  exited(thread: number): void {
    for (const { id, task } of this.#quarantine.get(thread) ?? []) {
      this.#context.sent.release(id)
      this.#settlement.slotFreed(task, id)
    }
    this.#quarantine.delete(thread)
  }

  #recoverTask(id: number, task: Task, error: Error, isToBlame: boolean): void {
    const { table } = this.#context.sent
    if (table.exchange(id, SCHEDULED, RECALLED)) {
      if (task.extras === null || task.extras.transfer === null) {
        task.id = 0
        this.#takenBack(task)
        return
      }
      const { name } = task.target
      const message = `the thread that had been handed the arguments of '${name}' died before it started it`
      const lost = new MultilaneError('ERR_TRANSFER_LOST', message, { cause: error })
      this.#settlement.finishUnstarted(task, FAILED, Failure.of(lost))
    } else if (table.exchange(id, STARTED, FAILED)) {
      this.#settlement.noteStart(task, id)
      // It would hold the next thread as well.
      if (isToBlame || !this.#retries.afterDeath(task))
        this.#settlement.finish(task, FAILED, Failure.of(error))
      else if (task.extras!.home !== 0) this.#context.exports.startsAgain(task)
    } else if (table.state(id) === TIMED_OUT) {
      this.#settlement.timedOut(task, id)
    } else {
      // Answered, but the answer never arrived: it died with the thread.
      this.#settlement.noteStart(task, id)
      this.#settlement.finish(task, FAILED, Failure.of(error))
    }
  }
}
