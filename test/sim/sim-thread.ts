import type { EncodedReason } from '#src/bridge/error-codec.js'
import type { Job } from '#src/bridge/job.js'
import type { MemoryPort } from '#src/bridge/memory-port.js'
import type { AbortTask } from '#src/bridge/protocol/supervisor-to-lane.js'
import { FLOAT } from '#src/bridge/shared-table.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { RunLoop, type TaskFunction } from '#src/lanes/run-loop.js'
import type { SimWorld } from './sim-world.js'

/** Thrown through a simulated thread's own code when it dies in the middle of something. */
class Died extends Error {}

/** What simulated tasks are told of where they run. */
export interface SimTaskHost {
  readonly world: SimWorld
  readonly thread: SimThread
  /** A task has begun; its number within the sender. */
  began(sequence: number): void
}

export type SimTask = (host: SimTaskHost, ...args: unknown[]) => unknown

/** A lane thread without a thread: the real run loop, on the world's clock. */
export class SimThread {
  readonly number: number
  readonly block = new ThreadBlock()
  readonly names: readonly string[]
  readonly loop: RunLoop
  /** The numbers of the tasks whose code is running here, or waits. */
  readonly running = new Set<number>()
  readonly #world: SimWorld
  readonly #onTerminate: (thread: SimThread, why: Error) => void
  #dead = false
  aborts = 0

  constructor(
    number: number,
    world: SimWorld,
    tasks: Readonly<Record<string, SimTask>>,
    options: { readonly concurrency: number; readonly grace: number },
    began: (sequence: number, thread: SimThread) => void,
    onExpiry: (at: number) => void,
    onTerminate: (thread: SimThread, why: Error) => void,
  ) {
    this.number = number
    this.#world = world
    this.#onTerminate = onTerminate
    this.names = Object.keys(tasks).sort()
    let running: Job | null = null
    const host: SimTaskHost = { world, thread: this, began: sequence => began(sequence, this) }
    const functions: TaskFunction[] = this.names.map(name => (...args: unknown[]) => {
      host.began(sequenceOf(running!))
      return tasks[name]!(host, ...args)
    })
    const alive = (call: () => void) => () => {
      if (!this.#dead) this.guard(call)
    }
    this.loop = new RunLoop(
      this.block,
      {
        functions,
        concurrency: options.concurrency,
        grace: options.grace,
        spin: 0,
        slowCallback: Number.POSITIVE_INFINITY,
      },
      {
        clock: {
          now: () => {
            if (this.#dead) throw new Died('this thread is dead')
            return world.clock.now()
          },
        },
        timers: { after: (delay, call) => world.clock.after(delay, alive(call)) },
        timings: { waited: () => {}, ran: () => {} },
        nextTurn: call => world.later(alive(call)),
        microtask: call => world.later(alive(call)),
        invoke: (job, call) => {
          running = job
          const value = call(...(job.args as never[]))
          if (!(value instanceof Promise)) return value
          const sequence = sequenceOf(job)
          this.running.add(sequence)
          // What a dead thread still awaited never comes.
          const silence = (): unknown => {
            this.running.delete(sequence)
            return this.#dead ? new Promise(() => {}) : value
          }
          return value.then(silence, silence)
        },
        abort: () => {},
        expiryAhead: onExpiry,
        abandoned: job => this.running.delete(sequenceOf(job)),
      },
    )
  }

  get isGone(): boolean {
    return this.#dead
  }

  connect(sender: number, port: MemoryPort): void {
    const guarded = Object.create(port) as MemoryPort
    guarded.post = (message: unknown) => {
      if (this.#dead) throw new Died('this thread is dead')
      port.post(message)
    }
    guarded.take = () => port.take()
    guarded.close = () => port.close()
    guarded.listen = (onMessage, onClose) =>
      port.listen(
        message => {
          if (!this.#dead) this.guard(() => onMessage(message))
        },
        () => {
          if (!this.#dead) onClose()
        },
      )
    this.loop.connect(sender, guarded)
  }

  tell(message: AbortTask): void {
    this.#world.later(() => {
      if (!this.#dead)
        this.guard(() => this.loop.abort(message.sender, message.id, message.reason as EncodedReason))
    })
  }

  terminate(why: Error): void {
    this.#onTerminate(this, why)
  }

  /** Dies here and now; whatever of its code is on the stack is unwound by the next thing it tries to do. */
  die(): void {
    this.#dead = true
  }

  /** Runs code of this thread. */
  guard(call: () => void): void {
    try {
      call()
    } catch (error) {
      if (!(error instanceof Died)) throw error
    }
  }
}

function sequenceOf({ source, id }: Job): number {
  return source.table.float(id, FLOAT.SEQUENCE)
}
