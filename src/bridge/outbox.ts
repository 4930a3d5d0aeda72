import type { Backlog } from '../core/backlog.js'
import { InvalidArgumentError, NotCloneableError, UnknownTaskError } from '../core/errors.js'
import type { Task } from '../core/task.js'
import { CANCELED, FAILED, SCHEDULED } from '../core/task-state.js'
import type { CallTargets } from './call-targets.js'
import { Failure } from './failure.js'
import { type FoundHandle, handlesIn } from './handle-args.js'
import { advance } from './homes.js'
import type { LaneLink } from './lane-link.js'
import type { LaneTerms, SenderContext } from './sender-context.js'
import type { Lent } from './sent-tasks.js'
import type { Settlement } from './settlement.js'
import { FLAG, FLOAT, INT, RECALLED } from './shared-table.js'
import { pathToUncloneable } from './uncloneable.js'

/** How tasks leave: written into the shared table, and posted in batches. */
export class Outbox {
  readonly #context: SenderContext
  /** The place of the lane. */
  readonly #lane: number
  readonly #settlement: Settlement
  readonly #targets: CallTargets
  readonly #backlog: Backlog
  #alone: WeakSet<Task> | null = null

  constructor(
    context: SenderContext,
    { index }: LaneTerms,
    backlog: Backlog,
    settlement: Settlement,
    targets: CallTargets,
  ) {
    this.#context = context
    this.#lane = index
    this.#backlog = backlog
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
  send(link: LaneLink, count: number, freeLink: () => LaneLink | undefined): boolean {
    return this.#context.reads.during(() => this.#send(link, count, freeLink))
  }

  #send(link: LaneLink, count: number, freeLink: () => LaneLink | undefined): boolean {
    // Made as the tasks are taken: a callback of one that ends on the way may cancel or take back another.
    let message: unknown[] = []
    const now = this.#context.environment.clock.now()
    link.movedAt = now
    for (let sent = 0; sent < count; ) {
      const task = this.#backlog.take(now)
      if (task === null) break
      if (this.#isUnknown(task, link)) continue
      const handles = handlesIn(task.args)
      // By an accessor of its own arguments, as at any time from here on.
      if (task.dead) continue
      if (handles !== null && !this.#areOurs(handles)) {
        const cause = new InvalidArgumentError('args', 'without handles of other schedulers', handles)
        this.#refuseUnsent(task, 'args', cause)
        continue
      }
      if (task.extras === null || task.extras.transfer === null) {
        const isAlone = this.sendsAlone(task)
        if (isAlone) this.#post(link, message.splice(0))
        if (!task.dead && this.#assign(link, task, handles, message)) sent++
        if (isAlone) this.#post(link, message.splice(0))
        continue
      }
      this.#post(link, message)
      message = []
      if (task.dead) continue
      const free = freeLink()
      if (free === undefined) {
        this.#backlog.untake(task)
        return false
      }
      if (this.#isUnknown(task, free)) return true
      if (this.#assign(free, task, handles, message)) this.#post(free, message, task.extras.transfer)
      return true
    }
    this.#post(link, message)
    return true
  }

  /** Takes a slot for a task, and adds it to the message it will leave with. @returns false if it has ended meanwhile */
  #assign(link: LaneLink, task: Task, handles: readonly FoundHandle[] | null, message: unknown[]): boolean {
    const { sent } = this.#context
    const { table } = sent
    const { args } = task
    const at = message.push(0) - 1
    try {
      for (let k = 0; k < args.length; k++) message.push(args[k])
    } catch (cause) {
      // The list itself is a proxy, or has accessors, and does not let itself be read.
      message.length = at
      if (!task.dead) this.#refuseUnsent(task, 'args', cause)
      return false
    }
    const count = message.length - at - 1
    // Accessors of what a handle's task has ended with are read, and may end this one.
    const lent = handles === null ? null : lend(handles, link.thread)
    if (task.dead) {
      for (const one of lent?.tasks ?? []) one.lending.takeBack(one.task, one.thread)
      message.length = at
      return false
    }
    const id = sent.assign(task)
    message[at] = id
    table.setInt(id, INT.CALL, this.#targets.indexOn(link.names, task.target))
    if (lent === null) table.setInt(id, INT.ARGUMENTS, count)
    else {
      message.push(lent.list)
      sent.lend(id, lent.tasks)
      table.setInt(id, INT.ARGUMENTS, count + 1)
      table.orInt(id, INT.FLAGS, FLAG.HANDLES)
    }
    table.setInt(id, INT.THREAD, link.thread)
    table.setInt(id, INT.LANE, this.#lane)
    table.setFloat(id, FLOAT.SEQUENCE, task.sequence)
    table.setFloat(id, FLOAT.SUBMITTED, task.since)
    const extras = task.extras
    if (extras !== null) {
      let flags: number = FLAG.EXTRAS
      table.setInt(id, INT.PRIORITY, task.priority)
      table.setInt(id, INT.OWN_PRIORITY, extras.priority)
      table.setInt(id, INT.ATTEMPT, extras.attempt)
      if (extras.reportStart) flags |= FLAG.REPORT_START
      if (extras.retries !== null) flags |= FLAG.RETRIES
      if (extras.idempotent) flags |= FLAG.IDEMPOTENT
      if (extras.transfer !== null) flags |= FLAG.BOUND
      if (extras.home !== 0) {
        table.setHome(id, extras.home)
        advance(table, extras.home, SCHEDULED, 0, 0)
      }
      const { expires } = extras
      if (expires !== Number.POSITIVE_INFINITY || extras.timeout !== Number.POSITIVE_INFINITY) {
        flags |= FLAG.LIMITED
        table.setFloat(id, FLOAT.EXPIRES, expires)
        table.setFloat(id, FLOAT.DEADLINE, extras.deadline)
        table.setFloat(id, FLOAT.TIMEOUT, extras.timeout)
      }
      table.orInt(id, INT.FLAGS, flags)
      // After the flag: whoever is told must find it.
      if (expires !== Number.POSITIVE_INFINITY) this.#context.announceExpiry(expires)
    }
    task.enter(SCHEDULED)
    task.id = id
    link.outstanding++
    return true
  }

  /** Fails a task whose function a thread does not have. */
  #isUnknown(task: Task, { names }: LaneLink): boolean {
    if (this.#targets.indexOn(names, task.target) >= 0) return false
    const error = new UnknownTaskError(task.target.name, names)
    this.#settlement.finishUnstarted(task, FAILED, Failure.of(error))
    return true
  }

  #areOurs(handles: readonly FoundHandle[]): boolean {
    return handles.every(({ lending }) => lending?.of === this.#context)
  }

  /**
   * Posts tasks in one message. A message is cloned whole or not at all, so if an argument cannot be cloned the
   * batch is halved until the culprits stand alone; all others leave.
   */
  #post(link: LaneLink, message: readonly unknown[], transfer?: readonly object[]): void {
    if (message.length === 0) return
    try {
      link.send(message as unknown[], transfer)
    } catch (cause) {
      const starts = this.#starts(message)
      if (starts.length === 1) {
        this.#refuse(link, message, cause)
        return
      }
      const middle = starts[starts.length >> 1]!
      this.#post(link, message.slice(0, middle))
      this.#post(link, message.slice(middle))
    }
  }

  /** Where each task of a message begins. */
  #starts(message: readonly unknown[]): number[] {
    const { table } = this.#context.sent
    const starts: number[] = []
    for (let at = 0; at < message.length; at += 1 + table.int(message[at] as number, INT.ARGUMENTS)) {
      starts.push(at)
    }
    return starts
  }

  /**
   * Takes a slot back of which the thread does not know.
   *
   * @returns whether its task is in nobody's hands now; else it has ended, or was taken back before
   */
  unsend(link: LaneLink, id: number, task: Task): boolean {
    const { sent } = this.#context
    link.answered(id, sent.table.state(id) === RECALLED)
    const waited = sent.table.exchange(id, SCHEDULED, CANCELED)
    // Its time ran out just then, which others have seen; or a callback of another that was refused has cancelled it, or
    // taken it back.
    if (!waited) this.#settlement.timedOut(task, id)
    sent.release(id, false)
    if (waited) task.id = 0
    return waited
  }

  /** Has a task leave in a message of its own from now on: another that it was in could not be read. */
  sendAlone(task: Task): void {
    this.#alone ??= new WeakSet()
    this.#alone.add(task)
  }

  sendsAlone(task: Task): boolean {
    return this.#alone?.has(task) === true
  }

  /** Takes care of a task that cannot leave: nobody else knows of its slot. */
  #refuse(link: LaneLink, [id, ...args]: readonly unknown[], cause: unknown): void {
    const task = this.#context.sent.at(id as number)!
    if (!this.unsend(link, id as number, task)) return
    const transfer = task.extras?.transfer ?? []
    const path = args
      .map((arg, i) => pathToUncloneable(arg, `args[${i}]`, transfer))
      .find(found => found !== undefined)
    if (!task.dead) this.#refuseUnsent(task, path ?? 'args', cause)
  }

  #refuseUnsent(task: Task, path: string, cause: unknown): void {
    this.#settlement.finishUnstarted(task, FAILED, Failure.of(new NotCloneableError(path, { cause })))
  }
}

/** @returns each handle, which is cloned to an empty object, with what its task is known by; and whose they are */
function lend(
  handles: readonly FoundHandle[],
  thread: number,
): { readonly list: readonly unknown[]; readonly tasks: readonly Lent[] } {
  const list: unknown[] = []
  const tasks: Lent[] = []
  for (const { handle, task, lending } of handles) {
    list.push(handle, lending!.lend(task, thread))
    tasks.push({ task, lending: lending!, thread })
  }
  return { list, tasks }
}
