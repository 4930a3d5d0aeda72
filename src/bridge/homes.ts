/**
 * The home of a task whose handle other threads have: a slot of its submitter's table that shows the task's state to them
 * and, unlike those in which the task is sent, stays the same. Its submitter alone takes it, and gives it back when nobody
 * has the handle any more. Whoever changes the state of a task that has a home shows that there.
 *
 * Whoever does so may be held up at any point, for so long that the home is another's by then. So nothing is written there
 * but by an exchange that fails in that case: a state has its generation; and an instant takes the place of a value that
 * no other use of the slot has, which is an earlier instant or, as long as there is none, a number of this home's alone.
 */
import { FAILED, isFinal, SCHEDULED, STARTED, SUBMITTED } from '../core/task-state.js'
import { FLAG, FLOAT, FREE, INT, NO_LANE, RECALLED, type TableView, type TaskTable } from './shared-table.js'

/** Takes a slot that belongs to no attempt, to show the state of a task. @param submitted an instant */
export function takeHome(table: TaskTable, sequence: number, submitted: number): number {
  const home = table.take()
  table.setInt(home, INT.THREAD, 0)
  table.setInt(home, INT.LANE, NO_LANE)
  table.setInt(home, INT.ENDED_IN, 0)
  table.setFloat(home, FLOAT.SEQUENCE, sequence)
  table.setFloat(home, FLOAT.SUBMITTED, submitted)
  table.setFloat(home, FLOAT.STARTED, noInstant(home))
  table.setFloat(home, FLOAT.ENDED, noInstant(home))
  table.exchange(home, SCHEDULED, SUBMITTED)
  return home
}

/** Shows what has become of a sent task at its home, if it has one. @param id the slot that it is sent in */
export function mirror(table: TableView, id: number): void {
  const home = table.home(id)
  if (home === 0) return
  const state = table.state(id)
  if (state <= FREE || state === RECALLED) return
  // Its submitter alone knows whether the failure of an attempt is the task's end, and may yet decide on another.
  const mayGoOn = state === FAILED && (table.int(id, INT.FLAGS) & FLAG.RETRIES) !== 0
  const shown = mayGoOn ? STARTED : state
  const [started, ended] = [table.float(id, FLOAT.STARTED), table.float(id, FLOAT.ENDED)]
  // Else they may be those of another task.
  if (table.state(id) > FREE) advance(table, home, shown, started, ended)
}

/**
 * Shows a state at a home, unless a later one is shown: several threads may tell of one task, in any order.
 *
 * @param started an instant, or 0
 * @param ended an instant, or 0
 */
export function advance(table: TableView, home: number, state: number, started: number, ended: number): void {
  if (started !== 0) note(table, home, FLOAT.STARTED, started)
  if (ended !== 0 && isFinal(state)) note(table, home, FLOAT.ENDED, ended)
  for (;;) {
    const shown = table.state(home)
    if (shown <= FREE || shown >= state || isFinal(shown) || table.exchange(home, shown, state)) return
  }
}

/** Shows an earlier state at a home: the task is to be run again. */
export function retreat(table: TaskTable, home: number, state: number): void {
  note(table, home, FLOAT.STARTED, noInstant(home))
  const shown = table.state(home)
  // The failure of an attempt is shown as the task's until its submitter has it run again.
  if (shown > state && (shown === FAILED || !isFinal(shown))) table.exchange(home, shown, state)
}

/** An instant that is shown at a home; undefined if there is none. */
export function instantAt(table: TableView, home: number, field: number): number | undefined {
  const instant = table.float(home, field)
  return instant > 0 ? instant : undefined
}

function note(table: TableView, home: number, field: number, instant: number): void {
  for (;;) {
    const noted = table.float(home, field)
    // Looked at only now: what has just been read was the home's own.
    if (table.state(home) <= FREE || table.exchangeFloat(home, field, noted, instant)) return
  }
}

/** A number that is no instant, and that no other home has. */
function noInstant(home: number): number {
  return -home
}
