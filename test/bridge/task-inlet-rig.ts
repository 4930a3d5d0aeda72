import type { Job } from '#src/bridge/job.js'
import { KeptOutcomes } from '#src/bridge/kept-outcomes.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { FLAG, FLOAT, INT, TaskTable } from '#src/bridge/shared-table.js'
import { TaskInlet } from '#src/bridge/task-inlet.js'
import { ValueReads } from '#src/bridge/value-reads.js'

const FOREVER = Number.POSITIVE_INFINITY

/** What the table says of a task beside its arguments. */
export interface TaskTerms {
  readonly call?: number
  readonly priority?: number
  readonly reportStart?: boolean
  /** The instant at which waiting ends it. */
  readonly waitUntil?: number
  readonly timeout?: number
  readonly deadline?: number
}

/** A task inlet, and by hand what a sender does on the other end of its port. */
export class TaskInletRig {
  readonly table: TaskTable
  readonly inlet: TaskInlet
  readonly jobs: Job[] = []
  readonly expiries: number[] = []
  readonly outcomes = new KeptOutcomes()
  readonly #port: MemoryPort

  constructor() {
    const [mine, theirs] = MemoryPort.pair({ posted: () => {} })
    this.#port = mine
    this.inlet = new TaskInlet(7, theirs, new QueuePlaces(QueuePlaces.memory(), null, 0), {
      roomInQueue: () => {},
      arrived: job => this.jobs.push(job),
      expiryAhead: at => this.expiries.push(at),
      stray: () => {},
      waits: () => () => {},
      revive: args => args,
      unread: () => {},
      waiting: () => this.jobs,
      reads: new ValueReads(),
      outcomes: this.outcomes,
    })
    this.table = new TaskTable((index, buffer) => mine.post({ type: 'segment', index, buffer }))
  }

  /** Takes a slot and fills it in; returns the id. */
  assign(argumentCount: number, terms: TaskTerms = {}): number {
    const { table } = this
    const id = table.take()
    const { timeout = FOREVER, deadline = FOREVER, waitUntil = FOREVER } = terms
    const isLimited = Math.min(timeout, deadline, waitUntil) < FOREVER
    table.setInt(id, INT.CALL, terms.call ?? 0)
    table.setInt(id, INT.ARGUMENTS, argumentCount)
    table.setInt(id, INT.PRIORITY, terms.priority ?? 0)
    table.setFloat(id, FLOAT.EXPIRES, Math.min(deadline, waitUntil))
    table.setFloat(id, FLOAT.TIMEOUT, timeout)
    table.setFloat(id, FLOAT.DEADLINE, deadline)
    table.setInt(
      id,
      INT.FLAGS,
      (terms.priority === undefined ? 0 : FLAG.EXTRAS) |
        (terms.reportStart === true ? FLAG.REPORT_START : 0) |
        (isLimited ? FLAG.LIMITED : 0),
    )
    return id
  }

  /** Posts a message as it is, and has the inlet take it. */
  post(message: unknown): void {
    this.#port.post(message)
    this.inlet.poll()
  }

  /** Sends a task for each list of arguments, in one batch; returns the jobs that came of it. */
  send(...tasks: readonly (readonly unknown[])[]): Job[] {
    const before = this.jobs.length
    this.post(tasks.flatMap(args => [this.assign(args.length), ...args]))
    return this.jobs.slice(before)
  }

  /** All that has been sent back, message by message. */
  received(): unknown[] {
    const messages: unknown[] = []
    for (let next = this.#port.take(); next !== undefined; next = this.#port.take())
      messages.push(next.message)
    return messages
  }

  /** The answers in all batches sent back, as pairs of id and value. */
  answers(): [number, unknown][] {
    const pairs: [number, unknown][] = []
    for (const batch of this.received()) {
      if (!Array.isArray(batch)) continue
      for (let i = 1; i + 1 < batch.length; i += 2) pairs.push([batch[i], batch[i + 1]])
    }
    return pairs
  }
}
