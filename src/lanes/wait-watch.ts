import type { HandleName } from '../bridge/lending.js'
import type {
  SenderToSupervisor,
  WaitingNode,
  WaitingTask,
  WaitTold,
} from '../bridge/protocol/sender-to-supervisor.js'
import type { SupervisorToSender } from '../bridge/protocol/supervisor-to-sender.js'
import { awaitedName } from '../core/awaited-name.js'
import { MOST_NAMED } from '../core/dependencies.js'
import { acrossLanes, withinLane } from '../core/lane-rank.js'
import type { BlockedThread } from '../core/standstill.js'
import { type BegunWait, WaitBook } from '../core/wait-book.js'
import type { WaitNode } from '../core/wait-graph.js'

/** Those who tell of waits, and are told what comes of them; by their numbers. */
export interface WaitTellers {
  tell(number: number, message: SupervisorToSender): void
  /** Tells one, if it made the scheduler. */
  tellOwner(number: number, message: SupervisorToSender): void
  /** Whether a task has ended for good, as far as its submitter shows. */
  hasEnded(name: HandleName): boolean
}

/** A task that waits or is waited for; or a key; or what blocks a thread. */
export interface WaitEntry extends WaitNode {
  /** Tells it apart from all others. */
  readonly id: string
  /** Null for a key, and for what blocks a thread. */
  readonly task: HandleName | null
  /** The task that blocks its thread by it, if it is that. */
  readonly blocker: WaitEntry | null
  readonly lane: string
  /** The priority within its lane that it has from others. */
  inherited: number
  /** As far as its submitter knows. */
  told: number
  /** Whether it is shown what it waits for. */
  isShown: boolean
}

/** A wait that blocks its thread, however long it takes. */
export interface EndlessWait extends BlockedThread<WaitEntry> {
  /** Who has told of it, and the number that it has there. */
  readonly by: number
  readonly id: number
}

/**
 * The waits of tasks for each other, on whatever threads they are, as far as they last.
 *
 * A wait that would close a cycle is refused: its thread is told who would wait for whom. What an urgent task waits for,
 * and what that waits for, is moved ahead in its lane by whoever submitted it, and back when the wait is over.
 */
export class WaitWatch {
  readonly #senders: WaitTellers
  readonly #rankOf: (lane: string) => number
  readonly #blocked: () => void
  readonly #nodes = new Map<string, WaitEntry>()
  readonly #book = new WaitBook<WaitEntry>({
    inherits: (task, priority) => {
      const inherited = Math.max(0, withinLane(this.#rankOf(task.lane), priority))
      // Most waits are for a task that is as urgent as its waiter anyway.
      if (inherited === task.inherited) return
      task.inherited = inherited
      this.#moved.add(task)
    },
    refused: (wait, cycle) => this.#refused(wait, namesOf(cycle)),
    hasEnded: ({ task, blocker }) => {
      const name = task ?? blocker?.task ?? null
      return name !== null && this.#senders.hasEnded(name)
    },
  })
  /** Those that block their threads, the oldest first. */
  readonly #endless = new Set<EndlessWait>()
  /** In the present call: those that wait for something else than before, */
  readonly #waiters = new Set<WaitEntry>()
  /** Those that inherit something else than before. */
  readonly #moved = new Set<WaitEntry>()
  /** And those that may have left the book. */
  readonly #touched = new Set<WaitEntry>()

  /**
   * @param rankOf how urgent a lane is: the place of its priority among `LANE_PRIORITIES`
   * @param blocked called when a thread is blocked, however long that takes
   */
  constructor(senders: WaitTellers, rankOf: (lane: string) => number, blocked: () => void = () => {}) {
    this.#senders = senders
    this.#rankOf = rankOf
    this.#blocked = blocked
  }

  /** The waits that block threads, however long that takes; the oldest first. */
  get endless(): Iterable<EndlessWait> {
    return this.#endless
  }

  /** A task, if it waits or is waited for. */
  find(name: HandleName): WaitEntry | undefined {
    return this.#nodes.get(idOf(name))
  }

  /** The waits of one that have not ended. */
  waitsOf(node: WaitEntry): Iterable<BegunWait<WaitEntry>> {
    return this.#book.waitsOf(node)
  }

  /** Ends a wait that would not. @param cycle the names of those that wait for each other, its waiter first */
  refuse({ by, id }: EndlessWait, cycle: readonly string[]): void {
    const wait = this.#book.end(by, id)
    if (wait !== undefined) this.#refused(wait, cycle)
    this.#conclude()
  }

  /** How many wait or are waited for. */
  get size(): number {
    return this.#nodes.size
  }

  /** @returns whether the message was about waits */
  receive(from: number, message: SenderToSupervisor): boolean {
    if (message.type === 'waits') this.begin(from, message.waits)
    else if (message.type === 'waited') this.end(from, message.ids)
    else if (message.type === 'reprioritized')
      this.reprioritized({ owner: from, sequence: message.sequence }, message.priority)
    else return false
    return true
  }

  /** Tasks of a thread wait, or tasks that were submitted there. */
  begin(thread: number, waits: readonly WaitTold[]): void {
    for (const { id, kind, waiter, awaited } of waits) {
      const node = this.#nodeOf(waiter)
      this.#book.setOwn(node, acrossLanes(this.#rankOf(node.lane), waiter.priority))
      const wait = { by: thread, id, kind, waiter: node, awaited: awaited.map(named => this.#nodeOf(named)) }
      if (node.blocker !== null && kind !== 'blocking') {
        this.#endless.add({ by: thread, id, kind, thread, waiter: node.blocker, awaited: wait.awaited[0]! })
        this.#blocked()
      }
      this.#book.begin(wait)
      // Whoever has submitted it knows what it is to start after.
      if (kind !== 'after') this.#waiters.add(node)
      this.#touch(node, wait.awaited)
    }
    this.#conclude()
  }

  /** Waits of a thread are over. */
  end(thread: number, ids: readonly number[]): void {
    for (const id of ids) {
      const wait = this.#book.end(thread, id)
      if (wait === undefined) continue
      this.#over(wait)
      if (wait.kind !== 'after' || wait.waiter.isShown) this.#waiters.add(wait.waiter)
      this.#touch(wait.waiter, wait.awaited)
    }
    this.#conclude()
  }

  /** A thread has ended, and with it the waits of its tasks, and of those that it has submitted and that had not begun. */
  threadGone(thread: number): void {
    this.end(thread, this.#book.toldBy(thread))
  }

  /** A task that waits has another priority of its own. */
  reprioritized(name: HandleName, priority: number): void {
    const task = this.#nodes.get(idOf(name))
    if (task !== undefined) this.#book.setOwn(task, acrossLanes(this.#rankOf(task.lane), priority))
    this.#conclude()
  }

  #nodeOf(named: WaitingNode): WaitEntry {
    const id = idOf(named)
    let node = this.#nodes.get(id)
    if (node === undefined) {
      const { lane } = named
      node = {
        id,
        task: 'key' in named || 'blocks' in named ? null : { owner: named.owner, sequence: named.sequence },
        blocker: 'blocks' in named ? this.#nodeOf(taskOf(named)) : null,
        lane,
        name: 'key' in named ? `key '${named.key}' on lane '${lane}'` : awaitedName(named),
        own: acrossLanes(this.#rankOf(lane), 0),
        inherited: 0,
        told: 0,
        isShown: false,
      }
      this.#nodes.set(id, node)
    }
    return node
  }

  #over({ by, id }: BegunWait<WaitEntry>): void {
    for (const wait of this.#endless) if (wait.by === by && wait.id === id) this.#endless.delete(wait)
  }

  #refused(wait: BegunWait<WaitEntry>, cycle: readonly string[]): void {
    const { by, id, waiter, awaited } = wait
    this.#senders.tell(by, { type: 'deadlock', wait: id, cycle })
    this.#over(wait)
    this.#waiters.add(waiter)
    this.#touch(waiter, awaited)
  }

  #touch(waiter: WaitEntry, awaited: readonly WaitEntry[]): void {
    for (const node of [waiter, ...awaited]) {
      this.#touched.add(node)
      if (node.blocker !== null) this.#touched.add(node.blocker)
    }
  }

  /** Once for all: one that waits for thousands is told of once. */
  #conclude(): void {
    for (const waiter of this.#waiters) this.#show(waiter)
    this.#waiters.clear()
    if (this.#moved.size > 0) this.#tellMoved()
    for (const task of this.#touched) if (!this.#book.has(task)) this.#nodes.delete(task.id)
    this.#touched.clear()
  }

  #tellMoved(): void {
    const byOwner = new Map<number, { sequence: number; lane: string; priority: number }[]>()
    for (const node of this.#moved) {
      const { task, lane, inherited, told } = node
      if (task === null || inherited === told) continue
      node.told = inherited
      const { owner, sequence } = task
      const tasks = byOwner.get(owner)
      const moved = { sequence, lane, priority: inherited }
      if (tasks === undefined) byOwner.set(owner, [moved])
      else tasks.push(moved)
    }
    this.#moved.clear()
    for (const [owner, tasks] of byOwner) this.#senders.tell(owner, { type: 'inherit', tasks })
  }

  /** Has it seen what a task waits for where it was submitted by the thread that made the scheduler. */
  #show(changed: WaitEntry): void {
    const waiter = changed.blocker ?? changed
    if (waiter.task === null) return
    const { owner, sequence } = waiter.task
    const awaited = this.#book
      .awaitedBy(waiter)
      .flatMap(one => (one.blocker === waiter ? this.#book.awaitedBy(one) : one))
      .slice(0, MOST_NAMED)
    waiter.isShown = awaited.length > 0
    const names = awaited.map(({ name }) => name)
    this.#senders.tellOwner(owner, { type: 'waiting', sequence, awaited: names })
  }
}

/** A task that blocks its thread stands for what it does. */
function namesOf(cycle: readonly WaitEntry[]): string[] {
  const told = cycle.filter((node, at) => cycle[(at + 1) % cycle.length]!.blocker !== node)
  return told.map(({ name }) => name)
}

function taskOf({ owner, sequence, name, lane }: WaitingTask): WaitingTask {
  return { owner, sequence, name, lane }
}

function idOf(node: WaitingNode | HandleName): string {
  if ('key' in node) return JSON.stringify([node.lane, node.key])
  const { owner, sequence } = node
  // A task blocks but one thread at a time.
  return 'blocks' in node ? `${owner}:${sequence} blocks` : `${owner}:${sequence}`
}
