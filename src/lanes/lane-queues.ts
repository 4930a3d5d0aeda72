import { QueuePlaces } from '../bridge/queue-places.js'
import { INT, type TableView } from '../bridge/shared-table.js'
import type { ThreadBlock } from '../bridge/thread-block.js'
import { CANCELED, SCHEDULED } from '../core/task-state.js'
import type { LaneSetup } from './lane-config.js'

/** The queues of all lanes as the supervisor sees them: it ends tasks that wait there, and outlives who has submitted them. */
export class LaneQueues {
  readonly #lanes: readonly LaneSetup[]
  readonly #room: (lane: string) => void
  /** By the place of the lane: those of the thread that made the scheduler. */
  readonly #owner: readonly QueuePlaces[]
  /** By the number of a sender that is a thread of a lane, and the place of the lane. */
  readonly #places = new Map<number, readonly QueuePlaces[]>()
  /** By the number of a thread: where it counts what it owes to the queue of its lane. */
  readonly #debts = new Map<number, { readonly index: number; readonly places: QueuePlaces }>()

  /** @param room is told of a lane in which there is room again, and somebody has waited for it */
  constructor(lanes: readonly LaneSetup[], room: (lane: string) => void) {
    this.#lanes = lanes
    this.#room = room
    this.#owner = lanes.map(({ queue }) => new QueuePlaces(queue, null, 0))
  }

  /** A thread of a lane may submit from now on. @param own where it counts its own places in the queues of all lanes @param lane its own */
  joined(
    thread: number,
    own: SharedArrayBuffer,
    { index, queue, mostOwed }: LaneSetup,
    { owed }: ThreadBlock,
  ): void {
    this.#debts.set(thread, { index, places: new QueuePlaces(queue, null, index, owed, mostOwed) })
    const places = this.#lanes.map(({ queue }, index) => new QueuePlaces(queue, own, index))
    this.#places.set(thread, places)
  }

  /** Has a sent task that has not started end, if it has not started meanwhile. @returns whether it has ended */
  end(sender: number, table: TableView, id: number, state: number): boolean {
    const index = table.int(id, INT.LANE)
    const places = (this.#places.get(sender) ?? this.#owner)[index]
    // A slot that shows the state of a task is none that waits.
    if (places === undefined) return table.exchange(id, SCHEDULED, state)
    const hasEnded = places.leave(table, id, state)
    if (hasEnded) this.#heed(index, places)
    return hasEnded
  }

  /** A sender has gone: what it had sent does not start, and what it had not will not be sent. */
  gone(sender: number, table: TableView): void {
    for (const { id, state } of table) if (state === SCHEDULED) this.end(sender, table, id, CANCELED)
    this.#clear(sender)
  }

  /** Nothing of a thread runs any more: it may have taken places before anybody knew that it submits. */
  exited(thread: number): void {
    this.#clear(thread)
    this.#places.delete(thread)
    const debt = this.#debts.get(thread)
    if (debt === undefined) return
    this.#debts.delete(thread)
    debt.places.settle()
    this.#heed(debt.index, debt.places)
    // It may have ended between giving a place back, of any lane, and telling that there is room.
    this.#owner.forEach((places, index) => {
      if (places.isBeingTold) this.#tell(index)
    })
  }

  /** Somebody has given a place back in a lane, and has found that it was waited for. */
  roomIn(lane: string): void {
    const index = this.#lanes.findIndex(({ name }) => name === lane)
    if (index >= 0) this.#tell(index)
  }

  #clear(sender: number): void {
    this.#places.get(sender)?.forEach((places, index) => {
      places.clear()
      this.#heed(index, places)
    })
  }

  #heed(index: number, places: QueuePlaces): void {
    if (places.heed()) this.#tell(index)
  }

  #tell(index: number): void {
    this.#owner[index]!.told()
    this.#room(this.#lanes[index]!.name)
  }
}
