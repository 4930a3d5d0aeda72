import type * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import {
  Backlog,
  type BacklogObserver,
  DELAYED,
  HELD,
  OUTSIDE,
  PARKED,
  READY,
  TIED,
} from '#src/core/backlog.js'
import { type AwaitedTask, Dependencies, type EndListener, type FailedDependency } from '#src/core/dependencies.js'
import { AGING_MS } from '#src/core/ready-queue.js'
import { Reminders } from '#src/core/reminders.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { CANCELED, DONE, FAILED, NEW, SCHEDULED, STARTED, SUBMITTED, TIMED_OUT } from '#src/core/task-state.js'
import { ManualClock } from '../support/manual-clock.js'

export const NEVER = Number.POSITIVE_INFINITY
const START = 1000
const PLACES = ['OUTSIDE', 'HELD', 'DELAYED', 'READY', 'PARKED', 'TIED']
/** Which states the essay above `Backlog` gives each place. */
const STATES: Readonly<Record<number, number>> = {
  [HELD]: NEW,
  [TIED]: NEW,
  [DELAYED]: SCHEDULED,
  [READY]: SUBMITTED,
  [PARKED]: SUBMITTED,
}
export const KEYS = ['a', 'b']

/** A task of somewhere else that those of the backlog may wait for. */
export class Awaited implements AwaitedTask {
  readonly id: number
  readonly name = 'awaited'
  readonly lane = 'elsewhere'
  readonly listeners = new Set<EndListener>()
  failure: { error(): unknown } | null = null
  isOver = false

  constructor(id: number) {
    this.id = id
  }

  whenEnded(listener: EndListener): void {
    if (this.isOver) listener.ended(this, this.failure)
    else this.listeners.add(listener)
  }

  forget(listener: EndListener): void {
    this.listeners.delete(listener)
  }

  end(isDone: boolean): void {
    this.isOver = true
    if (!isDone) this.failure = { error: () => `failure of ${this.id}` }
    for (const listener of this.listeners) {
      this.listeners.delete(listener)
      listener.ended(this, this.failure)
    }
  }
}

/** So many of them there are at a time. */
const MOST_AWAITED = 4

/** What the model knows of a task. */
interface Known {
  readonly task: Task
  place: number
  priority: number
  readonly deadline: number
  waitUntil: number
  notBefore: number
  readonly key: string | null
  arrival: number
  since: number
  attempt: number
  /** Those it waits for that have not ended. */
  readonly awaits: Set<Awaited>
  /** When it came, if one of those it was to wait for had failed by then. */
  doomed: number | null
  /** Taken out to be sent, and not ended. */
  out: boolean
  hasTurn: boolean
}

export class Model {
  readonly known: Known[] = []
  readonly awaited = Array.from({ length: MOST_AWAITED }, (_, id) => new Awaited(id))
  arrivals = 0

  anyAged(now: number): boolean {
    return this.known.some(one => one.place !== OUTSIDE && now - one.since >= AGING_MS)
  }
}

/** The backlog, and what it has told. */
export class Real implements BacklogObserver {
  readonly clock = new ManualClock(START)
  readonly backlog: Backlog
  readonly ranOutTasks: Task[] = []
  readonly forsakenTasks: Task[] = []
  arrivals = 0
  becameReadyCount = 0

  constructor() {
    const reminders = new Reminders<() => void>(this.clock, this.clock, call => call())
    this.backlog = new Backlog(this.clock, reminders, this)
  }

  becameReady(): void {
    this.becameReadyCount++
  }

  ranOut(task: Task): void {
    this.ranOutTasks.push(task)
    task.settle(TIMED_OUT, null, this.clock.now())
  }

  dependencyFailed(task: Task, { id, failure }: FailedDependency): void {
    assert.is(failure.error(), `failure of ${id}`)
    this.forsakenTasks.push(task)
    task.settle(FAILED, null, this.clock.now())
  }

  nextArrival(): number {
    return ++this.arrivals
  }
}

type Command = fc.Command<Model, Real>

function expiresOf(known: Known): number {
  return Math.min(known.waitUntil, known.deadline)
}

function goesBefore(a: Known, b: Known): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  return a.deadline === b.deadline ? a.arrival < b.arrival : a.deadline < b.deadline
}

function isOpenTo(model: Model, one: Known): boolean {
  return (
    one.hasTurn || one.key === null || !model.known.some(({ key, hasTurn }) => hasTurn && key === one.key)
  )
}

/** Takes the places over that only `Backlog` can choose, after it has been seen that it might choose them. */
function compare(model: Model, real: Real): void {
  const now = real.clock.now()
  for (const known of model.known) {
    const { task } = known
    const label = `task ${task.sequence} is ${PLACES[task.place]}, and should be ${PLACES[known.place]}`
    // A task waits parked, or ready until it is found out that it has to: both are right.
    const waits = (place: number): boolean => place === READY || place === PARKED
    if (waits(known.place)) assert.ok(waits(task.place), label)
    else assert.is(task.place, known.place, label)
    if (task.place !== OUTSIDE) assert.is(task.state, STATES[task.place], `state of ${label}`)
    if (task.place === PARKED) {
      const others = model.known.filter(one => one !== known && one.key === known.key)
      const due = others.some(one => one.hasTurn || one.task.place === READY)
      assert.ok(due, `nobody has the turn or is to ask for it, for which ${label}`)
    }
    const expires = expiresOf(known)
    const isDelayed = task.place === DELAYED && known.awaits.size === 0
    const due = known.doomed ?? (isDelayed ? Math.min(known.notBefore, expires) : expires)
    const timed = task.place !== OUTSIDE && due !== NEVER
    assert.is(task.extras !== null && task.extras.timer !== null, timed, `reminder: ${label}`)
    if (timed) assert.is(task.extras!.timer!.at, due, `when the reminder is: ${label}`)
    assert.is(task.extras?.hasTurn ?? false, known.hasTurn, `turn: ${label}`)
    if (known.place !== OUTSIDE) assert.ok(expires > now, `it should have run out: ${label}`)
    assert.is(task.waitsFor, known.place === OUTSIDE || known.doomed !== null ? 0 : known.awaits.size, label)
  }
  for (const awaited of model.awaited) {
    const waiting = model.known.filter(
      ({ place, doomed, awaits }) => place !== OUTSIDE && doomed === null && awaits.has(awaited),
    )
    assert.is(awaited.listeners.size, waiting.length, `who is to be told of the end of ${awaited.id}`)
  }
  for (const key of KEYS) {
    assert.ok(
      model.known.filter(one => one.out && one.key === key).length <= 1,
      `two tasks of ${key} are out`,
    )
  }
  const { backlog } = real
  const count = (...places: number[]): number =>
    model.known.filter(({ task }) => places.includes(task.place)).length
  assert.equal(
    [backlog.size, backlog.held, backlog.unaccepted, backlog.ready],
    [count(READY, PARKED, DELAYED), count(HELD), count(HELD, TIED), count(READY)],
    'size, held, unaccepted, ready',
  )
  const counts = [NEW, SUBMITTED, SCHEDULED].map(state => backlog.countIn(state))
  assert.equal(counts, [count(HELD, TIED), count(READY, PARKED), count(DELAYED)], 'NEW, SUBMITTED, SCHEDULED')
  assert.equal(
    [...backlog].map(task => task.sequence).sort((a, b) => a - b),
    model.known.filter(one => one.place !== OUTSIDE).map(({ task }) => task.sequence),
  )
  const anyTimed = model.known.some(({ task }) => task.extras !== null && task.extras.timer !== null)
  if (!anyTimed) assert.is(real.clock.pending, 0, 'a timer is left')
}

function command(label: string, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run: (model, real) => {
      run(model, real)
      compare(model, real)
    },
    toString: () => label,
  }
}

/** One of those for which it holds, or undefined. */
function pick(model: Model, index: number, holds: (known: Known) => boolean): Known | undefined {
  const found = model.known.filter(holds)
  return found[index % Math.max(1, found.length)]
}

interface Wanted {
  readonly priority: number
  readonly deadline: number
  readonly queueTimeout: number
  readonly delay: number
  readonly key: string | null
  readonly plain: boolean
  /** The places of those that it waits for among the awaited. */
  readonly after?: readonly number[]
}

export function make(model: Model, real: Real, wanted: Wanted): Known {
  const now = real.clock.now()
  const { plain } = wanted
  const extras = plain ? null : new TaskExtras()
  const after = plain ? [] : (wanted.after ?? []).map(place => model.awaited[place % MOST_AWAITED]!)
  const known: Known = {
    task: new Task({ name: 'x', lane: 'l', index: 0, mean: 0 }, real.nextArrival(), [], now, null, extras),
    place: OUTSIDE,
    priority: plain ? 0 : wanted.priority,
    deadline: plain ? NEVER : now + wanted.deadline,
    waitUntil: plain ? NEVER : now + wanted.queueTimeout,
    notBefore: plain ? 0 : now + wanted.delay,
    key: plain ? null : wanted.key,
    arrival: real.arrivals,
    since: now,
    attempt: 1,
    awaits: new Set(after.filter(({ isOver }) => !isOver)),
    doomed: after.some(({ failure }) => failure !== null) ? now : null,
    out: false,
    hasTurn: false,
  }
  model.arrivals = real.arrivals
  if (extras !== null) {
    extras.priority = known.priority
    extras.deadline = known.deadline
    extras.waitUntil = known.waitUntil
    if (wanted.delay > 0) extras.notBefore = known.notBefore
    extras.key = known.key
    if (after.length > 0) extras.dependencies = new Dependencies(after)
  }
  model.known.push(known)
  return known
}

function isTied({ awaits, doomed }: Known): boolean {
  return awaits.size > 0 || doomed !== null
}

/** The model's side of being accepted. */
function accepted(known: Known, now: number): void {
  if (known.notBefore > now || isTied(known)) {
    known.place = DELAYED
    known.since = known.notBefore
  } else known.place = READY
}

export function add(wanted: Wanted): Command {
  return command(`add(${JSON.stringify(wanted)})`, (model, real) => {
    const known = make(model, real, wanted)
    accepted(known, real.clock.now())
    const told = real.becameReadyCount
    real.backlog.add(known.task)
    assert.is(real.becameReadyCount > told, known.place === READY)
  })
}

export function hold(wanted: Wanted): Command {
  return command(`hold(${JSON.stringify(wanted)})`, (model, real) => {
    const known = make(model, real, wanted)
    known.place = isTied(known) ? TIED : HELD
    real.backlog.hold(known.task)
  })
}

export function admit(room: number): Command {
  return command(`admit(${room})`, (model, real) => {
    const held = model.known.filter(one => one.place === HELD)
    const now = real.clock.now()
    const aged = held.some(one => now - one.since >= AGING_MS)
    const admitted = real.backlog.admit(room)
    assert.is(admitted.length, Math.min(held.length, room))
    if (!aged) {
      held.sort((a, b) => (goesBefore(a, b) ? -1 : 1))
      assert.equal(
        admitted.map(task => task.sequence),
        held.slice(0, room).map(({ task }) => task.sequence),
      )
    }
    for (const task of admitted) accepted(model.known.find(one => one.task === task)!, now)
  })
}

export function take(count: number): Command {
  return command(`take(${count})`, (model, real) => {
    for (let i = 0; i < count; i++) {
      const now = real.clock.now()
      const able = model.known.filter(
        // Which of those that wait for a turn asks next may be a matter of age, too.
        one =>
          one.place === READY && isOpenTo(model, one) && (one.task.place === READY || !model.anyAged(now)),
      )
      const peeked = real.backlog.peek()
      able.sort((a, b) => (goesBefore(a, b) ? -1 : 1))
      assert.is(peeked?.sequence, able[0]?.task.sequence, 'the first in order')
      const task = real.backlog.take(now)
      assert.is(task === null, able.length === 0, `${able.length} could be taken`)
      if (task === null) return
      const known = able.find(one => one.task === task)
      assert.ok(known !== undefined, `task ${task.sequence} could not be taken`)
      const isAged = known.deadline === NEVER && now - known.since >= AGING_MS
      assert.ok(known === able[0] || isAged, `task ${task.sequence} is neither the first nor aged`)
      known.place = OUTSIDE
      known.out = true
      known.hasTurn = known.key !== null
    }
  })
}

function send(known: Known): void {
  if (known.task.state === SUBMITTED) known.task.enter(SCHEDULED)
}

/** What the bridge does with a task that it takes back. */
export function putBack(index: number): Command {
  return command(`putBack(${index})`, (model, real) => {
    const known = pick(model, index, one => one.out)
    if (known === undefined) return
    if (index % 2 === 0) send(known)
    known.out = false
    known.place = READY
    if (known.attempt === 1) known.hasTurn = false
    real.backlog.putBack(known.task)
    // Its time may have run out while it was out.
    pass(model, real, 0)
  })
}

/** What the bridge does with a task whose attempt has failed, or whose thread has died. */
export function retry(index: number, pause: number | null): Command {
  return command(`retry(${index}, ${pause})`, (model, real) => {
    const known = pick(model, index, one => one.out)
    if (known === undefined) return
    const extras = known.task.rareOptions()
    send(known)
    known.task.enter(STARTED)
    known.task.enter(SCHEDULED)
    known.attempt = ++extras.attempt
    known.waitUntil = extras.waitUntil = NEVER
    known.out = false
    const now = real.clock.now()
    if (pause === null) {
      known.place = READY
      real.backlog.putBack(known.task)
    } else {
      known.notBefore = now + pause
      known.since = known.notBefore
      known.place = DELAYED
      real.backlog.delay(known.task, known.notBefore)
    }
    pass(model, real, 0)
  })
}

/** A task's outcome has been decided, wherever it is. */
export function end(index: number, sent: boolean): Command {
  return command(`end(${index}, ${sent})`, (model, real) => {
    const known = pick(model, index, one => one.out === sent && (sent || one.place !== OUTSIDE))
    if (known === undefined) return
    known.place = OUTSIDE
    known.out = false
    known.hasTurn = false
    if (sent) {
      send(known)
      known.task.enter(STARTED)
      known.task.settle(DONE, null, 0)
      real.backlog.endTurn(known.task)
    } else {
      real.backlog.remove(known.task)
      known.task.settle(CANCELED, null, 0)
    }
    real.backlog.remove(known.task)
    real.backlog.endTurn(known.task)
  })
}

/** One that others may wait for has ended, or another takes its place. */
export function endAwaited(place: number, isDone: boolean): Command {
  return command(`endAwaited(${place}, ${isDone})`, (model, real) => {
    const at = place % MOST_AWAITED
    const awaited = model.awaited[at]!
    if (awaited.isOver) {
      model.awaited[at] = new Awaited(awaited.id + MOST_AWAITED)
      return
    }
    const now = real.clock.now()
    const before = real.forsakenTasks.length
    const told = real.becameReadyCount
    awaited.end(isDone)
    const forsaken = new Set(real.forsakenTasks.slice(before))
    let released = 0
    for (const known of model.known) {
      if (known.place === OUTSIDE || known.doomed !== null || !known.awaits.delete(awaited)) continue
      if (!isDone) {
        assert.ok(forsaken.delete(known.task), `task ${known.task.sequence} should have failed`)
        known.place = OUTSIDE
        known.hasTurn = false
      } else if (known.awaits.size === 0 && (known.place === TIED || known.notBefore <= now)) {
        known.place = known.place === TIED ? HELD : READY
        known.since = now
        known.arrival = known.task.arrival
        assert.ok(known.arrival > model.arrivals, 'its wait begins behind those that came before')
        released++
      }
    }
    assert.is(forsaken.size, 0)
    assert.is(real.becameReadyCount, told + released)
    model.arrivals = real.arrivals
  })
}

export function reprioritize(index: number, priority: number): Command {
  return command(`reprioritize(${index}, ${priority})`, (model, real) => {
    const known = pick(model, index, one => one.place !== OUTSIDE)
    if (known === undefined) return
    known.task.rareOptions()
    known.priority = priority
    real.backlog.reprioritize(known.task, priority)
  })
}

/** Time passes: with the timers that fall due on the way, or so that none has had a chance to fire yet. */
export function wait(time: number): Command {
  return command(`wait(${time})`, (model, real) => pass(model, real, time))
}

function pass(model: Model, real: Real, time: number): void {
  const until = real.clock.now() + time
  const before = real.ranOutTasks.length
  real.clock.runFor(time)
  const ranOut = new Set(real.ranOutTasks.slice(before))
  for (const known of model.known) {
    if (known.place === OUTSIDE) continue
    if (known.doomed !== null && expiresOf(known) > known.doomed) {
      assert.ok(real.forsakenTasks.includes(known.task), `task ${known.task.sequence} should have failed`)
      known.place = OUTSIDE
      known.hasTurn = false
    } else if (expiresOf(known) <= until) {
      assert.ok(ranOut.delete(known.task), `task ${known.task.sequence} should have run out`)
      known.place = OUTSIDE
      known.hasTurn = false
    } else if (known.place === DELAYED && known.awaits.size === 0 && known.notBefore <= until) {
      known.place = READY
      known.arrival = known.task.arrival
      assert.ok(known.arrival > model.arrivals, 'its wait begins behind those that came before its time')
    }
  }
  assert.is(ranOut.size, 0)
  model.arrivals = real.arrivals
}
