import type { TurnObserver } from '../core/key-turns.js'
import type { Task } from '../core/task.js'
import { ReportedWait, type WaitReports, type WaitSaid } from './wait-reports.js'

/** The sender to which tasks were submitted. */
export interface TurnContext {
  readonly environment: { readonly number: number }
  readonly reports: WaitReports
}

/**
 * The waits of tasks for the turn of their key, as far as others know of those tasks: told to the supervisor as what tasks
 * are to start after is (`OpenDependencies`), since a task may wait for another whose turn comes after its own.
 *
 * Between those that wait for a turn and the one that has it stands the key, as if it were a task: of a thousand that wait,
 * none need be told when the turn passes to the next.
 */
export class TurnWaits {
  readonly #sender: TurnContext
  readonly #waits = new Map<Task, ReportedWait>()
  #last = 0

  constructor(sender: TurnContext) {
    this.#sender = sender
  }

  /** What the turns of a lane's keys are told to. */
  of(lane: string): TurnObserver {
    const keys = new Map<string, KeyNode>()
    return {
      waitsForTurn: (task, waits) => {
        const name = task.extras!.key!
        const key = keys.get(name) ?? this.#newKey(lane, name)
        keys.set(name, key)
        if (waits) this.#begin(task, key)
        else if (this.#end(task, key)) keys.delete(name)
      },
      turnTaken: (name, holder) => {
        const key = keys.get(name)
        if (key !== undefined) this.#pass(key, holder)
      },
    }
  }

  #newKey(lane: string, name: string): KeyNode {
    // Tasks have the numbers above 0.
    const sequence = --this.#last
    return { owner: this.#sender.environment.number, sequence, lane, name, waits: 0, turn: null }
  }

  #begin(task: Task, key: KeyNode): void {
    const wait = new TurnWait(task, key)
    this.#waits.set(task, wait)
    key.waits++
    this.#sender.reports.begin(wait)
  }

  /** @returns whether no other waits for the key */
  #end(task: Task, key: KeyNode): boolean {
    this.#sender.reports.end(this.#waits.get(task)!)
    this.#waits.delete(task)
    if (--key.waits > 0) return false
    this.#pass(key, null)
    return true
  }

  #pass(key: KeyNode, holder: Task | null): void {
    const { reports } = this.#sender
    if (key.turn !== null) reports.end(key.turn)
    key.turn = holder === null || holder.dead ? null : new TurnTaken(key, holder)
    if (key.turn !== null) reports.begin(key.turn)
  }
}

/** A key, as one that is waited for, and waits. */
interface KeyNode {
  readonly owner: number
  readonly sequence: number
  readonly lane: string
  readonly name: string
  /** How many wait for its turn. */
  waits: number
  turn: TurnTaken | null
}

/** A task waits for the turn of its key. */
class TurnWait extends ReportedWait {
  readonly #task: Task
  readonly #key: KeyNode

  constructor(task: Task, key: KeyNode) {
    super()
    this.#task = task
    this.#key = key
  }

  say(): WaitSaid {
    const { target, sequence, extras } = this.#task
    const { owner, sequence: number, lane, name } = this.#key
    return {
      kind: 'after',
      waiter: { owner, sequence, name: target.name, lane, priority: extras!.priority },
      awaited: [{ owner, sequence: number, name, lane, isKey: true }],
    }
  }

  /** Somebody waits for the task, and is refused that. */
  refuse(): void {}
}

/** A task has the turn of a key that others wait for. */
class TurnTaken extends ReportedWait {
  readonly #key: KeyNode
  readonly #holder: Task

  constructor(key: KeyNode, holder: Task) {
    super()
    this.#key = key
    this.#holder = holder
  }

  say(): WaitSaid {
    const { owner, sequence, lane, name } = this.#key
    // By itself a key makes nothing more urgent than it is.
    const { priority } = this.#holder.extras!
    return {
      kind: 'after',
      waiter: { owner, sequence, name, lane, priority, isKey: true },
      awaited: [this.#holder],
    }
  }

  refuse(): void {}
}
