import { KeyShare } from '#src/bridge/key-share.js'
import { Backlog, DELAYED, PARKED, TIED } from '#src/core/backlog.js'
import { Idleness } from '#src/core/idleness.js'
import { KeyLocks } from '#src/core/key-locks.js'
import { KeyTurns } from '#src/core/key-turns.js'
import { ReplacementBudget } from '#src/core/replacement-budget.js'
import type { Task } from '#src/core/task.js'
import { Senders } from '#src/lanes/senders.js'
import type { Race, Races } from './races.js'

/** Who counts what happens at present. */
let races: Races | null = null
/** Who is told of what happens within the supervisor. */
let watcher: SupervisorWatcher | null = null

/** Who watches what the supervisor does that nobody is told of. */
export interface SupervisorWatcher {
  /** It has looked whether a thread is idle. */
  looked(thread: number, busy: boolean): void
  /** It begins to forget a sender that has died. */
  forgets(sender: number): void
}

/** From now on what happens within the code under test is counted there. It judges nothing, and changes nothing. */
export function watchWithin(into: Races | null, by: SupervisorWatcher | null = null): void {
  races = into
  watcher = by
}

/** The backlog that was last given a task. */
export let lastBacklog: Backlog | null = null

const hit = (race: Race): void => races?.hit(race)

const { park } = KeyTurns.prototype
KeyTurns.prototype.park = function (this: KeyTurns, task): void {
  hit('waited for its key')
  park.call(this, task)
}

const { ask, release, gone } = KeyLocks.prototype

KeyLocks.prototype.ask = function (this: KeyLocks, who, key): void {
  if (this.holderOf(key) !== undefined) hit('key asked for that another had')
  ask.call(this, who, key)
}

KeyLocks.prototype.release = function (this: KeyLocks, who, key): void {
  const had = this.holderOf(key) === who
  release.call(this, who, key)
  if (had && this.holderOf(key) !== undefined) hit('key passed on')
}

KeyLocks.prototype.gone = function (this: KeyLocks, who): boolean {
  const hasAny = gone.call(this, who)
  if (hasAny) hit('keys outlived their sender')
  return hasAny
}

const { share } = KeyShare.prototype
KeyShare.prototype.share = function (this: KeyShare): boolean {
  const isAnyTaken = share.call(this)
  if (isAnyTaken) hit('keys shared of which some were taken')
  return isAnyTaken
}

const { add, hold } = Backlog.prototype

Backlog.prototype.add = function (this: Backlog, task): void {
  lastBacklog = this
  const waits = task.waitsFor > 0
  add.call(this, task)
  if (waits) noteTie(task)
}

Backlog.prototype.hold = function (this: Backlog, task): void {
  lastBacklog = this
  hold.call(this, task)
  if (task.place === TIED) hit('waited for others before it waited for room')
}

function noteTie({ extras }: Task): void {
  const dependencies = extras?.dependencies ?? null
  if (dependencies === null) hit('others were done before it came')
  else if (dependencies.failed !== null) hit('one of the others had failed before it came')
  else hit('waited for others')
}

const { delay, resume, remove, reprioritize } = Backlog.prototype

Backlog.prototype.delay = function (this: Backlog, task, until): void {
  if (until !== Number.POSITIVE_INFINITY) hit('paused before its next attempt')
  delay.call(this, task, until)
}

Backlog.prototype.resume = function (this: Backlog, task): void {
  hit('run again once its lost thread was gone')
  resume.call(this, task)
}

Backlog.prototype.remove = function (this: Backlog, task): void {
  if (task.place === DELAYED && task.extras !== null) {
    if (task.waitsFor > 0) hit('ended while it waited for others')
    else if (task.extras.lingersIn !== 0) hit('ended while its lost thread lingered')
    else if (task.extras.failures > 0) hit('ended in the pause before its next attempt')
    else hit('ended in its delay')
  }
  remove.call(this, task)
}

Backlog.prototype.reprioritize = function (this: Backlog, task, priority): void {
  if (task.place === PARKED) hit('moved while it waited for its key')
  reprioritize.call(this, task, priority)
}

const { take } = ReplacementBudget.prototype
ReplacementBudget.prototype.take = function (this: ReplacementBudget, now): boolean {
  const spends = take.call(this, now)
  if (!spends) hit('no budget for a stalled thread')
  return spends
}

const { look } = Idleness.prototype
Idleness.prototype.look = function (this: Idleness<{ readonly number: number }>, thread, activity, now) {
  watcher?.looked(thread.number, activity.busy)
  return look.call(this, thread, activity, now)
} as typeof look

const { remove: forget } = Senders.prototype
Senders.prototype.remove = function (this: Senders, number) {
  watcher?.forgets(number)
  return forget.call(this, number)
}
