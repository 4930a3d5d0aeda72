import { BelledPort } from '../bridge/belled-port.js'
import type { HandleName } from '../bridge/lending.js'
import type { Port } from '../bridge/port.js'
import type { SupervisorToSender } from '../bridge/protocol/supervisor-to-sender.js'
import { TableView } from '../bridge/shared-table.js'
import { hasEnded } from './task-places.js'

/** A thread that submits tasks, as the supervisor knows it. */
export interface SenderEntry {
  readonly port: BelledPort
  readonly table: TableView
  /** Whether it is a thread that made the scheduler, rather than one of its lanes'. */
  readonly isOwner: boolean
  /** The lanes it is connected with. */
  readonly reached: Set<string>
}

/** The threads that submit tasks, and which lanes each is connected with. */
export class Senders {
  /** Their task tables, by the number of the sender. */
  readonly tables = new Map<number, TableView>()
  readonly #entries = new Map<number, SenderEntry>()

  add(number: number, port: Port, isOwner: boolean): SenderEntry {
    const entry: SenderEntry = {
      port: new BelledPort(port),
      table: new TableView(),
      isOwner,
      reached: new Set(),
    }
    this.#entries.set(number, entry)
    this.tables.set(number, entry.table)
    return entry
  }

  get(number: number): SenderEntry | undefined {
    return this.#entries.get(number)
  }

  has(number: number): boolean {
    return this.#entries.has(number)
  }

  /** Forgets a sender. @returns what was known of it, if it was there */
  remove(number: number): SenderEntry | undefined {
    const entry = this.#entries.get(number)
    this.#entries.delete(number)
    this.tables.delete(number)
    return entry
  }

  /** Those that are connected with a lane: they know its threads. */
  *of(lane: string): Generator<readonly [number: number, entry: SenderEntry]> {
    for (const sender of this.#entries) {
      const [, { isOwner, reached }] = sender
      if (isOwner || reached.has(lane)) yield sender
    }
  }

  /** One of the tasks that run on a lane's thread is to stop: it may be in a synchronous wait. */
  wake(number: number): void {
    this.#entries.get(number)?.port.ring()
  }

  /** The supervisor goes: those that wait synchronously would not see it. */
  forsake(): void {
    for (const { port } of this.#entries.values()) port.forsake()
  }

  /** Whether a task has ended for good, as far as its submitter's table shows. */
  hasEnded(name: HandleName): boolean {
    return hasEnded(name, this.tables)
  }

  /** Tells one sender, if it is still there. */
  tell(number: number, message: SupervisorToSender): void {
    this.#entries.get(number)?.port.post(message)
  }

  /** Tells one sender, if it made the scheduler. */
  tellOwner(number: number, message: SupervisorToSender): void {
    const entry = this.#entries.get(number)
    if (entry?.isOwner === true) entry.port.post(message)
  }

  /** Tells all that are connected with a lane. */
  tellOf(lane: string, message: SupervisorToSender): void {
    for (const [, { port }] of this.of(lane)) port.post(message)
  }

  tellAll(message: SupervisorToSender): void {
    for (const { port } of this.#entries.values()) port.post(message)
  }

  /** Tells those that made the scheduler what their users may want to know. */
  tellOwners(message: SupervisorToSender): void {
    for (const { port, isOwner } of this.#entries.values()) if (isOwner) port.post(message)
  }

  /** Tells those that are threads of lanes. */
  tellLanes(message: SupervisorToSender): void {
    for (const { port, isOwner } of this.#entries.values()) if (!isOwner) port.post(message)
  }
}
