import { type EncodedReason, encodeError } from '../bridge/error-codec.js'
import { type Mail, MemoryPort } from '../bridge/memory-port.js'
import type { Port } from '../bridge/port.js'
import type { SenderToSupervisor } from '../bridge/protocol/sender-to-supervisor.js'
import { INT, type TableView } from '../bridge/shared-table.js'
import { TaskTimeoutError } from '../core/errors.js'
import { TIMED_OUT } from '../core/task-state.js'
import { CancelLadder } from './cancel-ladder.js'
import { type ExpiredTask, ExpiryWatch } from './expiry-watch.js'
import { InlineLane, type InlineSurroundings } from './inline-lane.js'
import type { LaneSetup } from './lane-config.js'
import { LaneQueues } from './lane-queues.js'
import { monotonicClock } from './monotonic-clock.js'
import { ownTimers } from './own-context.js'
import { Senders } from './senders.js'
import type { LaneThreadStats, SupervisorStats } from './supervisor-stats.js'
import type { TaskModule } from './task-module.js'
import { WaitWatch } from './wait-watch.js'

/** The number of the one sender there is. */
const OWNER = 0

/** What is needed to keep lanes on the present thread. */
export interface InlineTerms extends InlineSurroundings {
  readonly lanes: readonly LaneSetup[]
  /** By lane: the functions it was given in place of a module. */
  readonly given: ReadonlyMap<string, TaskModule>
  /** The sender's table. */
  readonly table: TableView
  /** To the sender. */
  readonly notices: Port
  readonly mail: Mail
  /** Keeps the sender's end of a new port under its number, since no memory port can be cloned. */
  offer(number: number, port: Port): void
  report(error: unknown): void
}

/**
 * Keeps lanes on the present thread: what the supervisor's thread does for lanes with threads, without that which
 * takes a thread. A task that does not return stops it, as it stops everything here.
 */
export class InlineSupervisor {
  readonly #terms: InlineTerms
  readonly #lanes = new Map<number, InlineLane>()
  readonly #ports: Port[] = []
  readonly #ladder: CancelLadder
  readonly #expiry: ExpiryWatch
  /** The one there is. */
  readonly #senders = new Senders()
  readonly #waits = new WaitWatch(
    this.#senders,
    name => this.#terms.lanes.find(lane => lane.name === name)?.rank ?? 0,
  )
  readonly #queues: LaneQueues
  #abandoned = 0

  constructor(terms: InlineTerms) {
    this.#terms = terms
    this.#queues = new LaneQueues(terms.lanes, lane => terms.notices.post({ type: 'queue-room', lane }))
    const tables = new Map([[OWNER, terms.table]])
    this.#ladder = new CancelLadder(tables, monotonicClock, ownTimers)
    this.#expiry = new ExpiryWatch(tables, monotonicClock, ownTimers, {
      end: (sender, table, id) => this.#queues.end(sender, table, id, TIMED_OUT),
      expired: (_, tasks) => this.#expired(tasks),
    })
    this.#senders.add(OWNER, terms.notices, true)
    terms.notices.listen(
      message => this.#receive(message as SenderToSupervisor),
      () => {},
    )
    for (const config of terms.lanes) {
      const number = this.#lanes.size + 1
      const lane = new InlineLane(number, config, terms, {
        expiryAhead: at => this.#expiry.announce(at, config.name),
        decideDue: () => this.#expiry.catchUp(),
        abandoned: id => this.#givenUp(id),
        roomInQueue: () => this.#queues.roomIn(config.name),
        fault: error => terms.report(error),
      })
      this.#lanes.set(number, lane)
    }
  }

  /** Starts the lanes; resolves when all are ready, rejects with why one is not. */
  async start(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(lane => this.#start(lane)))
  }

  async #start(lane: InlineLane): Promise<void> {
    const { given, mail, notices, offer } = this.#terms
    const { number, config, block } = lane
    await lane.start(given.get(config.name))
    const [near, far] = MemoryPort.pair(mail)
    this.#ports.push(far)
    lane.connect(OWNER, far)
    offer(number, near)
    notices.post({
      type: 'thread-joined',
      lane: config.name,
      thread: number,
      port: number,
      block: block.buffer,
      names: lane.names,
    })
  }

  stats(): SupervisorStats {
    const lanes: Record<string, LaneThreadStats> = {}
    for (const { config, isReady, figures } of this.#lanes.values())
      lanes[config.name] = {
        threads: isReady ? 1 : 0,
        restarts: 0,
        stalled: 0,
        os: 'normal',
        ...figures.take(),
      }
    let strays = 0
    for (const { block } of this.#lanes.values()) strays += block.strays
    return { lanes, abandoned: this.#abandoned, strays }
  }

  /** Resolves when all lanes have left. */
  async leave(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(lane => lane.leave()))
  }

  #givenUp(id: number): void {
    this.#abandoned++
    this.#ladder.abandoned(OWNER, id)
  }

  /** Closes the ports to the sender, and stops what is timed. */
  close(): void {
    this.#expiry.stop()
    this.#ladder.stop()
    for (const port of this.#ports) port.close()
    this.#terms.notices.close()
  }

  #receive(message: SenderToSupervisor): void {
    switch (message.type) {
      case 'expiry':
        this.#expiry.announce(message.at, '')
        break
      case 'canceled':
        this.#climb(message.id, message.reason)
        break
      case 'waits':
        this.#waits.begin(OWNER, message.waits)
        break
      case 'waited':
        this.#waits.end(OWNER, message.ids)
        break
      case 'reprioritized':
        this.#waits.reprioritized({ owner: OWNER, sequence: message.sequence }, message.priority)
        break
      case 'queue-room':
        this.#queues.roomIn(message.lane)
        break
    }
  }

  /** The function that a task runs, and its lane. @param id its slot */
  titleOf(id: number): { readonly name: string; readonly lane: string } {
    const { table } = this.#terms
    const lane = this.#lanes.get(table.int(id, INT.THREAD))
    return { name: lane?.names[table.int(id, INT.CALL)] ?? '', lane: lane?.config.name ?? '' }
  }

  #expired(tasks: readonly ExpiredTask[]): void {
    this.#terms.notices.post({ type: 'expired', ids: tasks.map(task => task.id) })
    for (const { id, limit, started } of tasks) {
      if (!started) continue
      this.#climb(id, { error: encodeError(new TaskTimeoutError(this.titleOf(id).name, limit)) })
    }
  }

  #climb(id: number, reason: EncodedReason): void {
    const { table } = this.#terms
    if (table.state(id) < 0) return
    const lane = this.#lanes.get(table.int(id, INT.THREAD))
    if (lane === undefined) return
    this.#ladder.climb({ lane: lane.config, thread: lane, sender: OWNER, id, table }, reason)
  }
}
