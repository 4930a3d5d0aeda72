import type { HandleName } from '../bridge/lending.js'
import type { WaitTold } from '../bridge/protocol/sender-to-supervisor.js'
import { acrossLanes, withinLane } from '../core/lane-rank.js'
import { WaitGraph, type WaitNode } from '../core/wait-graph.js'
import type { Senders } from './senders.js'

/** Of a task that waits for more than so many, as many are shown. */
const MOST_SHOWN = 100

/** A task that waits or is waited for. */
interface WaitingTask extends WaitNode, HandleName {
  readonly lane: string
  /** The priority within its lane that it has from others, as far as its submitter knows. */
  inherited: number
  /** In how many waits it is. */
  waits: number
}

/**
 * The waits of tasks for each other, on whatever threads they are, as far as they last.
 *
 * A wait that would close a cycle is refused: its thread is told who would wait for whom. What an urgent task waits for,
 * and what that waits for, is moved ahead in its lane by whoever submitted it, and back when the wait is over.
 */
export class WaitWatch {
  readonly #senders: Senders
  readonly #rankOf: (lane: string) => number
  readonly #tasks = new Map<string, WaitingTask>()
  /** The waits of each thread, by their numbers. */
  readonly #waits = new Map<number, Map<number, readonly [waiter: WaitingTask, awaited: WaitingTask][]>>()
  readonly #graph = new WaitGraph<WaitingTask>({
    inherits: (task, priority) => {
      const { owner, sequence, lane } = task
      const inherited = Math.max(0, withinLane(this.#rankOf(lane), priority))
      // Most waits are for a task that is as urgent as its waiter anyway.
      if (inherited === task.inherited) return
      task.inherited = inherited
      this.#senders.tell(owner, { type: 'inherit', sequence, lane, priority: inherited })
    },
  })

  /** @param rankOf how urgent a lane is: the place of its priority among `LANE_PRIORITIES` */
  constructor(senders: Senders, rankOf: (lane: string) => number) {
    this.#senders = senders
    this.#rankOf = rankOf
  }

  /** How many tasks wait or are waited for. */
  get size(): number {
    return this.#tasks.size
  }

  /** Tasks of a thread wait. */
  begin(thread: number, waits: readonly WaitTold[]): void {
    for (const wait of waits) {
      const waiter = this.#task(wait.waiter)
      this.#graph.setOwn(waiter, acrossLanes(this.#rankOf(waiter.lane), wait.waiter.priority))
      const begun: [WaitingTask, WaitingTask][] = []
      let cycle: readonly WaitingTask[] | null = null
      for (const named of wait.awaited) {
        const awaited = this.#task(named)
        cycle = this.#graph.wait(waiter, awaited)
        if (cycle === null) {
          waiter.waits++
          awaited.waits++
          begun.push([waiter, awaited])
          continue
        }
        this.#senders.tell(thread, { type: 'deadlock', wait: wait.id, cycle: cycle.map(({ name }) => name) })
        this.#forgetIfFree(awaited)
        break
      }
      if (cycle === null) this.#show(waiter)
      this.#forgetIfFree(waiter)
      if (cycle === null) this.#of(thread).set(wait.id, begun)
      else for (const pair of begun) this.#unwait(...pair)
    }
  }

  /** Waits of a thread are over. */
  end(thread: number, ids: readonly number[]): void {
    const waits = this.#waits.get(thread)
    const waiters = new Set<WaitingTask>()
    for (const id of ids) {
      for (const [waiter, awaited] of waits?.get(id) ?? []) {
        waiters.add(waiter)
        this.#unwait(waiter, awaited)
      }
      waits?.delete(id)
    }
    if (waits?.size === 0) this.#waits.delete(thread)
    // Once for all: one that waited for thousands is told of once.
    for (const waiter of waiters) this.#show(waiter)
  }

  /** A thread has ended, and with it the waits of its tasks. */
  threadGone(thread: number): void {
    this.end(thread, [...(this.#waits.get(thread)?.keys() ?? [])])
  }

  #of(thread: number): Map<number, readonly [WaitingTask, WaitingTask][]> {
    let waits = this.#waits.get(thread)
    if (waits === undefined) {
      waits = new Map()
      this.#waits.set(thread, waits)
    }
    return waits
  }

  #task({ owner, sequence, name, lane }: WaitTold['awaited'][number]): WaitingTask {
    const key = keyOf({ owner, sequence })
    let task = this.#tasks.get(key)
    if (task === undefined) {
      task = {
        owner,
        sequence,
        lane,
        name: `task '${name}' on lane '${lane}'`,
        own: acrossLanes(this.#rankOf(lane), 0),
        inherited: 0,
        waits: 0,
      }
      this.#tasks.set(key, task)
    }
    return task
  }

  #unwait(waiter: WaitingTask, awaited: WaitingTask): void {
    this.#graph.unwait(waiter, awaited)
    waiter.waits--
    awaited.waits--
    this.#forgetIfFree(waiter)
    this.#forgetIfFree(awaited)
  }

  /** Has it seen what a task waits for where it was submitted by the thread that made the scheduler. */
  #show(waiter: WaitingTask): void {
    const { owner, sequence } = waiter
    const awaited = this.#graph.awaitedBy(waiter).slice(0, MOST_SHOWN)
    const names = awaited.map(({ name }) => name)
    this.#senders.tellOwner(owner, { type: 'waiting', sequence, awaited: names })
  }

  #forgetIfFree(task: WaitingTask): void {
    if (task.waits === 0) this.#tasks.delete(keyOf(task))
  }
}

function keyOf({ owner, sequence }: HandleName): string {
  return `${owner}:${sequence}`
}
