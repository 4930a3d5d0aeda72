import { QueuePlaces } from '#src/bridge/queue-places.js'
import { FLOAT, INT, NO_LANE, RECALLED, TableView } from '#src/bridge/shared-table.js'
import { TaskInlet } from '#src/bridge/task-inlet.js'
import { CANCELED, DONE, FAILED, SCHEDULED, STARTED, TASK_STATES, TIMED_OUT } from '#src/core/task-state.js'
import type { Race, Races } from './races.js'
import { Died } from './sim-actor.js'
import type { SimWorld } from './sim-world.js'

/** Whose code uses the shared tables at present. */
let world: SimWorld | null = null
let races: Races | null = null
/** Told of each task that a thread has claimed. */
let onClaim: (sender: number, sequence: number) => void = () => {}
/** Whose task is being claimed. */
let claiming: TaskInlet | null = null
/** A task is leaving its lane's queue: no thread ends between the exchange and the count. */
let isLeaving = false

/** From now on each change of a task's state is a protocol step of this world: threads die at it, and others run. */
export function watchTables(
  by: SimWorld | null,
  into: Races | null,
  claimed: (sender: number, sequence: number) => void = () => {},
): void {
  world = by
  races = into
  onClaim = claimed
}

const nameOf = (state: number): string => TASK_STATES[state] ?? 'RECALLED'
const STATES = Array.from({ length: RECALLED + 1 }, (_, state) => state)
const BEFORE = STATES.map(from => STATES.map(to => `before ${nameOf(from)} → ${nameOf(to)}`))
const AFTER = STATES.map(from => STATES.map(to => `after ${nameOf(from)} → ${nameOf(to)}`))

/** Within the claim of a task whose handle others have, the slot that shows its state to them is changed too. */
const isHome = (table: TableView, id: number): boolean => table.int(id, INT.LANE) === NO_LANE

const { exchange, exchangeFloat, setInt, setFloat } = TableView.prototype

TableView.prototype.exchange = function (this: TableView, id: number, from: number, to: number): boolean {
  // Whoever runs before it is done comes here with an exchange of their own.
  const leaves = isLeaving
  isLeaving = false
  const before = this.state(id)
  // Most outcomes are decided by lane threads; when somebody else would decide, it is more often close.
  world?.reach(BEFORE[from]![to]!, to >= TIMED_OUT ? 0.5 : undefined)
  const won = exchange.call(this, id, from, to)
  if (won && to === STARTED && claiming !== null && !isHome(this, id))
    onClaim(claiming.sender, this.float(id, FLOAT.SEQUENCE))
  if (!won && before >= 0) count(from, to, before === from, this.state(id))
  if (!leaves) world?.reach(AFTER[from]![to]!)
  return won
}

const { leave } = QueuePlaces.prototype
QueuePlaces.prototype.leave = function (this: QueuePlaces, table, id, to): boolean {
  isLeaving = true
  const hasLeft = leave.call(this, table, id, to)
  world?.reach(AFTER[SCHEDULED]![to]!)
  return hasLeft
}

const { claim } = TaskInlet.prototype
TaskInlet.prototype.claim = function (this: TaskInlet, job, now): boolean {
  const before = claiming
  claiming = this
  try {
    return claim.call(this, job, now)
  } finally {
    claiming = before
  }
}

TableView.prototype.setInt = function (this: TableView, id: number, field: number, value: number): void {
  if (world?.current?.dead === true) throw new Died()
  setInt.call(this, id, field, value)
}

TableView.prototype.setFloat = function (this: TableView, id: number, field: number, value: number): void {
  if (world?.current?.dead === true) throw new Died()
  setFloat.call(this, id, field, value)
}

TableView.prototype.exchangeFloat = function (this: TableView, ...exchanged): boolean {
  if (world?.current?.dead === true) throw new Died()
  return exchangeFloat.apply(this, exchanged)
}

/** @param raced whether the state changed between the look and the exchange */
function count(from: number, to: number, raced: boolean, seen: number): void {
  const race = raceOf(from, to, raced, seen)
  if (race !== null) races?.hit(race)
}

function raceOf(from: number, to: number, raced: boolean, seen: number): Race | null {
  if (to === STARTED) {
    if (seen === RECALLED) return 'recall beat the start'
    if (seen === CANCELED) return 'cancel beat the start'
    return null
  }
  if (to === DONE || to === FAILED) {
    if (seen === CANCELED) return 'cancel beat the completion'
    return seen === TIMED_OUT ? 'time-out beat the completion' : null
  }
  if (to === TIMED_OUT && from === SCHEDULED && seen === TIMED_OUT) return 'time-out beat the start'
  if (!raced) return null
  if (to === RECALLED && seen >= STARTED) return 'start beat the recall'
  if (to === CANCELED && from === SCHEDULED && seen === STARTED) return 'start beat the cancel'
  if (to === CANCELED && (seen === DONE || seen === FAILED)) return 'completion beat the cancel'
  if (to === TIMED_OUT && (seen === DONE || seen === FAILED)) return 'completion beat the time-out'
  return null
}
