import type { Task } from './task.js'
import type { TaskRecord } from './task-info.js'

/** Columns of a row, of numbers with fractions and of small integers. */
const SEQUENCE = 0
const SUBMITTED = 1
/** NaN for a task that never started. */
const STARTED = 2
const ENDED = 3
const STATE = 0
const ATTEMPT = 1
const PRIORITY = 2
/** As a power of two, for either. */
const COLUMNS_BITS = 2

/**
 * The last finished tasks, without their values and errors, and beside them the one that ran longest of all.
 *
 * A task is written into arrays of numbers and is itself kept by nothing, so that a finished one costs a few stores
 * and no object. The row behind the ring belongs to the slowest, which stays when the ring has long gone round.
 */
export class TaskHistory {
  /** How many tasks are kept. */
  readonly capacity: number
  readonly #names: string[]
  readonly #lanes: string[]
  readonly #floats: Float64Array
  readonly #ints: Int32Array
  #next = 0
  #size = 0
  /** Milliseconds the slowest ran. */
  #longest = -1

  constructor(capacity: number) {
    const rows = capacity + 1
    this.capacity = capacity
    this.#names = new Array<string>(rows).fill('')
    this.#lanes = new Array<string>(rows).fill('')
    this.#floats = new Float64Array(rows << COLUMNS_BITS)
    this.#ints = new Int32Array(rows << COLUMNS_BITS)
  }

  /** How many tasks are held. */
  get size(): number {
    return this.#size
  }

  /** Takes a task that has just settled, and the instants at which it ended and, if it did, started. */
  add(task: Task, ended = task.ended!, started = task.started): void {
    if (started !== undefined && ended - started > this.#longest) {
      this.#longest = ended - started
      this.#write(this.capacity, task, started, ended)
    }
    if (this.capacity === 0) return
    this.#write(this.#next, task, started === undefined ? Number.NaN : started, ended)
    this.#next = this.#next + 1 === this.capacity ? 0 : this.#next + 1
    if (this.#size < this.capacity) this.#size++
  }

  /** The task that ran longest of all that were ever added, or undefined if none has run. */
  get slowest(): TaskRecord | undefined {
    return this.#longest < 0 ? undefined : this.#read(this.capacity)
  }

  /** The task of this number, if it is still held. Looks at each one, a nanosecond or two apiece. */
  find(sequence: number): TaskRecord | undefined {
    for (let row = 0; row < this.#size; row++) {
      if (this.#floats[(row << COLUMNS_BITS) + SEQUENCE] === sequence) return this.#read(row)
    }
    return undefined
  }

  /**
   * How many there are in these states.
   *
   * @param states a bit for each
   * @param lane of this lane alone
   */
  count(states: number, lane?: string): number {
    let count = 0
    for (let row = 0; row < this.#size; row++) if (this.#isWanted(row, states, lane)) count++
    return count
  }

  /**
   * Those in these states, the last to finish first.
   *
   * @param states a bit for each
   * @param lane of this lane alone
   */
  *newestFirst(states: number, lane?: string): Generator<TaskRecord> {
    for (let back = 1; back <= this.#size; back++) {
      const row = this.#next < back ? this.#next - back + this.capacity : this.#next - back
      if (this.#isWanted(row, states, lane)) yield this.#read(row)
    }
  }

  #isWanted(row: number, states: number, lane: string | undefined): boolean {
    if (((1 << this.#ints[(row << COLUMNS_BITS) + STATE]!) & states) === 0) return false
    return lane === undefined || this.#lanes[row] === lane
  }

  #write(row: number, task: Task, started: number, ended: number): void {
    const { extras } = task
    const at = row << COLUMNS_BITS
    // Not the target itself: it knows the sender, and all that has come and gone with an earlier start.
    this.#names[row] = task.target.name
    this.#lanes[row] = task.target.lane
    const floats = this.#floats
    floats[at + SEQUENCE] = task.sequence
    floats[at + SUBMITTED] = task.submitted
    floats[at + STARTED] = started
    floats[at + ENDED] = ended
    const ints = this.#ints
    ints[at + STATE] = task.state
    ints[at + ATTEMPT] = extras === null ? 1 : extras.attempt
    ints[at + PRIORITY] = extras === null ? 0 : extras.priority
  }

  #read(row: number): TaskRecord {
    const at = row << COLUMNS_BITS
    const floats = this.#floats
    const ints = this.#ints
    const started = floats[at + STARTED]!
    return {
      target: { name: this.#names[row]!, lane: this.#lanes[row]! },
      sequence: floats[at + SEQUENCE]!,
      state: ints[at + STATE]!,
      submitted: floats[at + SUBMITTED]!,
      started: Number.isNaN(started) ? undefined : started,
      ended: floats[at + ENDED]!,
      attempt: ints[at + ATTEMPT]!,
      priority: ints[at + PRIORITY]!,
    }
  }
}
