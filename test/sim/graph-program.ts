import { LENT, type Lendable } from '#src/bridge/handle-args.js'
import type { Job } from '#src/bridge/job.js'
import { type DeadlockError, MultilaneError } from '#src/core/errors.js'
import type { TaskHandle } from '#src/lanes/task-handle.js'
import { errorOf, type GraphNode, ownEnd, type Told } from '../support/task-graph/graph.js'
import type { HeldHandle } from './held-handles.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** What a wait of a node's code came to. */
export interface Heard {
  readonly told: Told
  readonly error: unknown
  /** Whether the wait was refused, rather than that the other has ended so. */
  readonly isRefused: boolean
}

/** What is known of the code of a node that runs. */
export interface GraphRunLog {
  readonly node: GraphNode
  readonly thread: SimThread
  /** Those that it began to wait for. */
  readonly begun: Set<number>
  readonly heard: Map<number, Heard>
  /** Whether it was told to stop, and did. */
  stopped: boolean
  /** Whether its code came to its end. */
  isOver: boolean
  /** Whether it is over or stopped, and waits for nothing any more. */
  isDone: boolean
}

/** What the code of nodes has around it. */
export interface GraphSurroundings {
  readonly world: SimWorld
  /** Those that a node is to submit. */
  kidsOf(node: GraphNode): readonly GraphNode[]
  /** @param handles those that the submitter has, by their nodes */
  submit(thread: SimThread, node: GraphNode, handles: ReadonlyMap<number, TaskHandle>): TaskHandle
  /** Notes the handle that a thread was given of a node. @returns null if its task was submitted on that thread */
  holds(thread: SimThread, id: number, handle: TaskHandle): HeldHandle | null
  /** Calls back when the handle that is to be brought to a node has come. */
  whenBrought(node: GraphNode, call: (handle: TaskHandle) => void): void
  /** A node's code begins. */
  began(log: GraphRunLog): void
  /** It has no use for handles any more. */
  done(log: GraphRunLog): void
  refused(log: GraphRunLog, id: number, error: DeadlockError): void
}

/** Called with what lets the code go on. */
type Pause = (goOn: () => void) => void

export function codeOfError(error: unknown): string {
  return error instanceof MultilaneError ? error.code : (error as Error).message
}

/**
 * The code of a node: it submits others, waits, and makes of what it is told what the model says. It is written as a
 * generator that pauses where a task would await, so that each stretch of it runs as its thread.
 */
export class GraphProgram {
  readonly #around: GraphSurroundings
  readonly #thread: SimThread
  readonly #node: GraphNode
  readonly #job: Job
  readonly #log: GraphRunLog
  readonly #handles = new Map<number, TaskHandle>()
  readonly #held = new Map<number, HeldHandle>()
  readonly #listeners = new Set<() => void>()
  #waits = 0

  /** To be made as the task begins. @param given the handles that came with it */
  constructor(
    around: GraphSurroundings,
    thread: SimThread,
    node: GraphNode,
    given: ReadonlyMap<number, TaskHandle>,
  ) {
    this.#around = around
    this.#thread = thread
    this.#node = node
    this.#job = thread.job
    this.#log = {
      node,
      thread,
      begun: new Set(),
      heard: new Map(),
      stopped: false,
      isOver: false,
      isDone: false,
    }
    for (const [id, handle] of given) this.#hold(id, handle)
  }

  /** @returns what the task does: the value, or a promise of it */
  run(): unknown {
    const log = this.#log
    this.#around.began(log)
    const code = this.#code()
    let step = code.next()
    if (step.done === true) return step.value
    let resolve = (_: number): void => {}
    let reject = (_: unknown): void => {}
    const end = new Promise<number>((fulfil, refuse) => {
      resolve = fulfil
      reject = refuse
    })
    const pause = (): void => {
      const at = step
      if (at.done === true) return
      at.value(() => {
        if (at !== step || log.stopped) return
        try {
          step = code.next()
        } catch (error) {
          if (this.#thread.isGone) throw error
          reject(error)
          return
        }
        if (step.done === true) resolve(step.value)
        else pause()
      })
    }
    pause()
    // Half of them take no notice.
    if (this.#around.world.random.chance(0.5)) {
      this.#thread.onAbort(() => {
        log.stopped = true
        this.#end()
        reject(new Error('it was told to stop'))
      })
    }
    return end
  }

  *#code(): Generator<Pause, number, void> {
    const { takes, awaits, together } = this.#node
    for (const kid of this.#around.kidsOf(this.#node)) {
      const handle = this.#around.submit(this.#thread, kid, this.#handles)
      this.#handles.set(kid.id, handle)
      for (const id of [...kid.given, ...kid.after]) this.#givesOn(id)
    }
    if (takes > 0) yield goOn => this.#thread.timers.after(takes, goOn)
    let begun = 0
    for (const id of awaits) {
      if (!this.#handles.has(id)) yield goOn => this.#awaitBrought(goOn)
      begun++
      if (together) {
        this.#listen(id, () => {})
        continue
      }
      yield goOn => this.#listen(id, goOn)
      const heard = this.#log.heard.get(id)!
      if ('code' in heard.told && !this.#node.catches) break
    }
    while (together && this.#log.heard.size < begun) yield goOn => this.#whenHeard(goOn)
    return this.#conclude()
  }

  #conclude(): number {
    this.#log.isOver = true
    this.#end()
    const { heard } = this.#log
    const end = ownEnd(this.#node, id => heard.get(id)!.told)
    if (end.state === 'DONE') return end.value
    if (end.code === errorOf(this.#node.id)) throw new RangeError(end.code)
    throw this.#node.awaits.map(id => heard.get(id)).find(one => one !== undefined && 'code' in one.told)!
      .error
  }

  #whenHeard(call: () => void): void {
    this.#listeners.add(call)
  }

  /** As `await handle.result()` does. */
  #listen(id: number, goOn: () => void): void {
    const { world } = this.#around
    const { actor } = this.#thread
    const handle = this.#handles.get(id)!
    const { task } = (handle as unknown as Lendable)[LENT]()
    let isOver = false
    const over = (heard: Heard): void => {
      world.later(actor, () => {
        if (isOver) return
        isOver = true
        end()
        this.#log.heard.set(id, heard)
        this.#waits--
        if (this.#log.isOver || this.#log.stopped) this.#end()
        goOn()
        const listeners = [...this.#listeners]
        this.#listeners.clear()
        for (const call of listeners) call()
      })
    }
    this.#waits++
    this.#log.begun.add(id)
    const end = this.#thread.beginWait(
      this.#job,
      () => [task],
      error => {
        this.#around.refused(this.#log, id, error as DeadlockError)
        over({ told: { code: codeOfError(error) }, error, isRefused: true })
      },
    )
    // What is waited for is no garbage, though the task that waits was refused or has ended meanwhile.
    const held = this.#held.get(id)
    if (held !== undefined) held.users++
    const settled = (told: Told, error: unknown): void => {
      if (held !== undefined) held.users--
      over({ told, error, isRefused: false })
    }
    handle.result().then(
      value => settled({ value: value as number }, null),
      error => settled({ code: codeOfError(error) }, error),
    )
  }

  /** It needs no place meanwhile, as one whose `map` has no task yet. */
  #awaitBrought(goOn: () => void): void {
    const { world } = this.#around
    const { actor } = this.#thread
    const end = this.#thread.beginWait(this.#job, () => [])
    this.#waits++
    this.#around.whenBrought(this.#node, handle => {
      world.later(actor, () => {
        end()
        this.#waits--
        this.#hold(this.#node.brought!, handle)
        if (this.#log.stopped) this.#end()
        goOn()
      })
    })
  }

  #hold(id: number, handle: TaskHandle): void {
    if (!this.#handles.has(id)) this.#handles.set(id, handle)
    const held = this.#around.holds(this.#thread, id, handle)
    if (held === null || this.#held.has(id)) return
    this.#held.set(id, held)
    held.users++
  }

  #givesOn(id: number): void {
    const held = this.#held.get(id)
    if (held !== undefined) held.isGivenOn = true
  }

  /** Its code has ended: it uses handles only as far as it still waits. */
  #end(): void {
    if (this.#waits > 0 || this.#log.isDone) return
    this.#log.isDone = true
    this.#around.done(this.#log)
    for (const held of this.#held.values()) held.users--
    this.#held.clear()
  }
}
