import * as assert from 'uvu/assert'
import { Backlog, DELAYED, HELD, OUTSIDE, PARKED, READY, TIED } from '#src/core/backlog.js'
import type { BacklogObserver } from '#src/core/backlog-observer.js'
import { Dependencies, type FailedDependency } from '#src/core/dependencies.js'
import { AGING_MS } from '#src/core/ready-queue.js'
import { Reminders } from '#src/core/reminders.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { FAILED, NEW, SCHEDULED, SUBMITTED, TIMED_OUT } from '#src/core/task-state.js'
import { ManualClock } from '../support/manual-clock.js'
import { Awaited } from './awaited-task.js'

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

/** So many of them there are at a time. */
export const MOST_AWAITED = 4

/** What the model knows of a task. */
export interface Known {
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
  leftCount = 0

  constructor() {
    const reminders = new Reminders<() => void>(this.clock, this.clock, call => call())
    this.backlog = new Backlog(this.clock, reminders, this)
  }

  leftQueue(): void {
    this.leftCount++
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

export function expiresOf(known: Known): number {
  return Math.min(known.waitUntil, known.deadline)
}

export function goesBefore(a: Known, b: Known): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  return a.deadline === b.deadline ? a.arrival < b.arrival : a.deadline < b.deadline
}

export function isOpenTo(model: Model, one: Known): boolean {
  return (
    one.hasTurn || one.key === null || !model.known.some(({ key, hasTurn }) => hasTurn && key === one.key)
  )
}

/** Takes the places over that only `Backlog` can choose, after it has been seen that it might choose them. */
export function compare(model: Model, real: Real): void {
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

export interface Wanted {
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
    task: new Task(
      { name: 'x', lane: 'l', owner: null, index: 0, mean: 0 },
      real.nextArrival(),
      [],
      now,
      null,
      extras,
    ),
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
