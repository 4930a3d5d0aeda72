import { NotCloneableError, UnknownTaskError } from '../core/errors.js'
import type { ReadyQueue } from '../core/ready-queue.js'
import type { Task } from '../core/task.js'
import { FAILED, SCHEDULED } from '../core/task-state.js'
import type { CallTargets } from './call-targets.js'
import { Failure } from './failure.js'
import type { LaneLink } from './lane-link.js'
import type { SenderContext } from './sender-context.js'
import type { Settlement } from './settlement.js'
import { FLAG, FLOAT, INT } from './shared-table.js'
import { pathToUncloneable } from './uncloneable.js'

/** How tasks leave: written into the shared table, and posted in batches. */
export class Outbox {
  readonly #context: SenderContext
  readonly #settlement: Settlement
  readonly #targets: CallTargets

  constructor(context: SenderContext, settlement: Settlement, targets: CallTargets) {
    this.#context = context
    this.#settlement = settlement
    this.#targets = targets
  }

  /**
   * Sends up to `count` tasks to a thread.
   *
   * A task that hands objects over cannot be sent twice, so it goes only to a thread that can start it at once, and
   * in a message of its own.
   *
   * @param freeLink the thread that could start a task at once, if any
   * @returns false if the next task waits for such a thread
   */
  send(
    ready: ReadyQueue<Task>,
    link: LaneLink,
    count: number,
    freeLink: () => LaneLink | undefined,
  ): boolean {
    const batch: Task[] = []
    const now = this.#context.environment.clock.now()
    while (batch.length < count) {
      const task = ready.pop()
      if (task === null) break
      if (task.target.index < 0) {
        const { name } = task.target
        this.#settlement.finish(task, FAILED, Failure.of(new UnknownTaskError(name, this.#targets.names)))
        continue
      }
      // Its time ran out while this thread was too busy to notice.
      if (task.extras !== null && task.extras.expires <= now) {
        this.#settlement.waitedTooLong(task)
        continue
      }
      if (task.extras === null || task.extras.transfer === null) {
        this.#assign(link, task)
        batch.push(task)
        continue
      }
      this.#post(link, batch, 0, batch.length)
      const free = freeLink()
      if (free === undefined) {
        ready.restore(task)
        return false
      }
      this.#assign(free, task)
      this.#post(free, [task], 0, 1)
      return true
    }
    this.#post(link, batch, 0, batch.length)
    return true
  }

  #assign(link: LaneLink, task: Task): void {
    const { sent } = this.#context
    const { table } = sent
    const id = sent.assign(task)
    let flags = 0
    table.setInt(id, INT.CALL, task.target.index)
    table.setInt(id, INT.ARGUMENTS, task.args.length)
    table.setInt(id, INT.THREAD, link.thread)
    table.setFloat(id, FLOAT.SEQUENCE, task.sequence)
    table.setFloat(id, FLOAT.SUBMITTED, task.submitted)
    const extras = task.extras
    if (extras !== null) {
      flags = FLAG.EXTRAS
      table.setInt(id, INT.PRIORITY, extras.priority)
      table.setInt(id, INT.ATTEMPT, extras.attempt)
      if (extras.reportStart) flags |= FLAG.REPORT_START
      const { expires } = extras
      if (expires !== Number.POSITIVE_INFINITY || extras.timeout !== Number.POSITIVE_INFINITY) {
        flags |= FLAG.LIMITED
        table.setFloat(id, FLOAT.EXPIRES, expires)
        table.setFloat(id, FLOAT.DEADLINE, extras.deadline)
        table.setFloat(id, FLOAT.TIMEOUT, extras.timeout)
        if (expires !== Number.POSITIVE_INFINITY) this.#context.announceExpiry(expires)
      }
      this.#settlement.disarm(extras)
    }
    table.setInt(id, INT.FLAGS, flags)
    task.enter(SCHEDULED)
    task.id = id
    link.outstanding++
  }

  /**
   * Posts tasks in one message. A message is cloned whole or not at all, so if an argument cannot be cloned the
   * batch is halved until the culprits stand alone; all others leave.
   */
  #post(link: LaneLink, tasks: readonly Task[], from: number, to: number): void {
    if (from === to) return
    const message: unknown[] = []
    for (let i = from; i < to; i++) {
      const task = tasks[i]!
      message.push(task.id)
      const args = task.args
      for (let k = 0; k < args.length; k++) message.push(args[k])
    }
    try {
      link.send(message, tasks[from]!.extras?.transfer ?? undefined)
    } catch (cause) {
      if (to - from > 1) {
        const middle = (from + to) >> 1
        this.#post(link, tasks, from, middle)
        this.#post(link, tasks, middle, to)
      } else {
        this.#refuse(link, tasks[from]!, cause)
      }
    }
  }

  #refuse(link: LaneLink, task: Task, cause: unknown): void {
    // Nothing was sent, so nobody else knows of the slot.
    this.#context.sent.release(task.id)
    link.outstanding--
    const transfer = task.extras?.transfer ?? []
    const path = task.args
      .map((arg, i) => pathToUncloneable(arg, `args[${i}]`, transfer))
      .find(found => found !== undefined)
    this.#settlement.finish(task, FAILED, Failure.of(new NotCloneableError(path ?? 'args', { cause })))
  }
}
