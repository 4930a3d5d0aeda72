import type { HandleName } from '../bridge/lending.js'
import { FLAG, FLOAT, FREE, INT, NO_LANE, RECALLED, type TableView } from '../bridge/shared-table.js'
import type { Whereabouts } from '../core/standstill.js'
import { FAILED, isFinal, SCHEDULED, STARTED } from '../core/task-state.js'

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

/** Whether a task has ended for good, as far as its submitter's table shows. */
export function hasEnded({ owner, sequence }: HandleName, tables: ReadonlyMap<number, TableView>): boolean {
  const table = tables.get(owner)
  if (table === undefined) return true
  for (const slot of slotsOf(table)) if (slot.sequence === sequence && isForGood(slot)) return true
  return false
}

/** A slot in use. */
interface Slot {
  readonly id: number
  readonly state: number
  readonly sequence: number
  readonly flags: number
  /** Whether it shows its task's state, and is that of no attempt. */
  readonly isHome: boolean
}

/** The slots in use, but for those that another task got while they were read. */
function* slotsOf(table: TableView): Generator<Slot> {
  for (const { id, state } of table) {
    const sequence = table.float(id, FLOAT.SEQUENCE)
    const flags = table.int(id, INT.FLAGS)
    const isHome = table.int(id, INT.LANE) === NO_LANE
    if (table.state(id) > FREE) yield { id, state, sequence, flags, isHome }
  }
}

/** The failure of an attempt may not be the end of its task; a home shows what is. */
function isForGood({ state, flags, isHome }: Slot): boolean {
  if (state === FAILED && !isHome) return (flags & (FLAG.RETRIES | FLAG.IDEMPOTENT)) === 0
  return isFinal(state) && state !== RECALLED
}

function placesIn(table: TableView): Places {
  const ended = new Set<number>()
  const sentIn = new Map<number, number>()
  for (const { id, state, sequence, isHome } of slotsOf(table)) {
    if (isHome) {
      if (isFinal(state)) ended.add(sequence)
    }
    // An attempt that has failed may still have its slot when the next is under way.
    else if (state !== RECALLED && (!isFinal(state) || !sentIn.has(sequence))) sentIn.set(sequence, id)
  }
  return { ended, sentIn }
}
