import type { HandleName } from '../bridge/lending.js'
import { FLAG, FLOAT, INT, NO_LANE, RECALLED, type TableView } from '../bridge/shared-table.js'
import type { Whereabouts } from '../core/standstill.js'
import { CANCELED, DONE, isFinal, SCHEDULED, STARTED, TIMED_OUT } from '../core/task-state.js'

/** The slots of one sender. */
interface Places {
  /** Those of which is shown that they have ended. */
  readonly ended: ReadonlySet<number>
  /** The slot that each is sent in. */
  readonly sentIn: ReadonlyMap<number, number>
}

/** Where the tasks of all senders are, as their tables show it at one instant. */
export class TaskPlaces {
  readonly #tables: ReadonlyMap<number, TableView>
  readonly #places = new Map<number, Places>()

  /** @param tables by the number of the sender */
  constructor(tables: ReadonlyMap<number, TableView>) {
    this.#tables = tables
  }

  /** @param lane the task's */
  whereIs({ owner, sequence }: HandleName, lane: string): Whereabouts {
    const table = this.#tables.get(owner)
    // Its sender has gone, and whoever waits is told so.
    if (table === undefined) return { at: 'end' }
    const places = this.#places.get(owner) ?? placesIn(table)
    this.#places.set(owner, places)
    if (places.ended.has(sequence)) return { at: 'end' }
    const id = places.sentIn.get(sequence)
    if (id === undefined) return { at: 'queue', lane }
    const state = table.state(id)
    const thread = table.int(id, INT.THREAD)
    if (state === STARTED) return { at: 'thread', thread }
    if (state !== SCHEDULED) return { at: 'end' }
    return { at: 'sent', lane, thread, isBound: (table.int(id, INT.FLAGS) & FLAG.BOUND) !== 0 }
  }
}

/** A failure may not be the end: there may be another attempt. */
const FOR_GOOD = new Set([DONE, TIMED_OUT, CANCELED])

/** Whether a task has ended for good, as far as its submitter's table shows. */
export function hasEnded({ owner, sequence }: HandleName, tables: ReadonlyMap<number, TableView>): boolean {
  const table = tables.get(owner)
  if (table === undefined) return true
  for (const { id, state } of table)
    if (FOR_GOOD.has(state) && table.float(id, FLOAT.SEQUENCE) === sequence) return true
  return false
}

function placesIn(table: TableView): Places {
  const ended = new Set<number>()
  const sentIn = new Map<number, number>()
  for (const { id, state } of table) {
    const sequence = table.float(id, FLOAT.SEQUENCE)
    if (table.int(id, INT.LANE) === NO_LANE) {
      if (isFinal(state)) ended.add(sequence)
    }
    // An attempt that has failed may still have its slot when the next is under way.
    else if (state !== RECALLED && (!isFinal(state) || !sentIn.has(sequence))) sentIn.set(sequence, id)
  }
  return { ended, sentIn }
}
