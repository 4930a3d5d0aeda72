import { knownKeys, plainObject } from '../core/checks.js'
import type { Clock, Epoch } from '../core/clock.js'
import { InvalidArgumentError } from '../core/errors.js'
import {
  ANY_STATE,
  knownLane,
  readTaskFilter,
  readTaskQuery,
  type TaskFilter,
  type TaskQuery,
} from '../core/task-filter.js'
import type { TaskHistory } from '../core/task-history.js'
import { infoOf, ranBy, type TaskInfo, type TaskRecord } from '../core/task-info.js'
import { isFinal, STARTED, TASK_STATES } from '../core/task-state.js'
import { taskTable } from '../core/task-table-text.js'

/** What there is to be seen of the unfinished tasks of one lane. */
export interface LaneTasks {
  /** Those on their way, on a thread, or ended there with the answer on its way. */
  sent(): Iterable<TaskRecord>
  /** Those that wait here, in about the order in which they will start. */
  unsent(): Iterable<TaskRecord>
  /** How many of those that wait here are in this state. */
  countUnsent(state: number): number
  /** Those that hold a loop of the lane. */
  holders(): Iterable<TaskRecord>
}

/** Where a scheduler's unfinished tasks are. */
export interface TaskSource {
  readonly clock: Clock
  readonly epoch: Epoch
  lane(name: string): LaneTasks
}

/** Where a table goes: `process.stdout`, any stream, or whatever else can be written to. */
export interface TextSink {
  write(text: string): unknown
}

export interface DumpOptions extends TaskFilter {
  /** Where the table goes. Default standard output. */
  readonly to?: TextSink
}

/** The most tasks that a table shows: a million of them would be a hundred megabytes of text. */
const MOST_ROWS = 1_000

/** A state as the bit that stands for it in a query. */
function bit(state: number): number {
  return 1 << state
}

const STATES = TASK_STATES.map((_, state) => state)

/** The answers to who looks at a scheduler's tasks: unfinished ones as they are now, finished ones of the history. */
export class TaskSight {
  readonly #lanes: readonly string[]
  readonly #history: TaskHistory
  #source: TaskSource | null = null

  constructor(lanes: readonly string[], history: TaskHistory) {
    this.#lanes = lanes
    this.#history = history
  }

  /** From now on the unfinished tasks are to be found here. */
  lookAt(source: TaskSource): void {
    this.#source = source
  }

  /** The task of this number; undefined if there is none, or it has been forgotten. */
  find(id: number): TaskInfo | undefined {
    if (!Number.isInteger(id)) throw new InvalidArgumentError('task', 'a TaskHandle, or the id of one', id)
    const finished = this.#history.find(id)
    if (finished !== undefined) return this.#info(finished)
    for (const record of this.#unfinished({ lane: undefined, states: ANY_STATE })) {
      if (record.sequence === id) return this.#info(record)
    }
    return undefined
  }

  /** Those meant by a filter, in the order in which they were submitted. */
  tasks(filter: TaskFilter): TaskInfo[] {
    const query = readTaskFilter(filter, this.#lanes)
    const found: TaskInfo[] = []
    for (const record of this.#unfinished(query)) found.push(this.#info(record))
    for (const record of this.#history.newestFirst(query.states, query.lane)) found.push(this.#info(record))
    return found.sort((a, b) => a.id - b.id)
  }

  count(filter: TaskFilter): number {
    const query = readTaskFilter(filter, this.#lanes)
    return this.#countUnfinished(query) + this.#history.count(query.states, query.lane)
  }

  /** The task that has run longest, running or finished. */
  slowest(): TaskInfo | undefined {
    if (this.#source === null) return undefined
    const now = this.#source.clock.now()
    let slowest = this.#history.slowest
    let longest = slowest === undefined ? -1 : ranBy(now, slowest)!
    for (const record of this.#sent({ lane: undefined, states: ANY_STATE })) {
      const ran = ranBy(now, record)
      if (ran === undefined || ran <= longest) continue
      slowest = record
      longest = ran
    }
    return slowest === undefined ? undefined : this.#info(slowest)
  }

  /** The task that holds a loop of the lane, the longest if there are several; else the one that started last. */
  current(lane: string): TaskInfo | undefined {
    knownLane(lane, this.#lanes)
    if (this.#source === null) return undefined
    const holders = [...this.#source.lane(lane).holders()]
    const running = [...this.#sent({ lane, states: bit(STARTED) })]
    const byStart = (a: TaskRecord, b: TaskRecord): number => a.started! - b.started!
    const current = holders.length > 0 ? holders.sort(byStart)[0] : running.sort(byStart).at(-1)
    return current === undefined ? undefined : this.#info(current)
  }

  /** Writes a table of tasks, and returns it. */
  dump(options: DumpOptions): string {
    knownKeys('options', plainObject('options', options), ['lane', 'state', 'to'])
    const { to = process.stdout } = options
    if (typeof (to as Partial<TextSink> | null)?.write !== 'function')
      throw new InvalidArgumentError('to', 'an object with a write method', to)
    const text = this.table(options)
    to.write(text)
    return text
  }

  /**
   * Running tasks first, the longest of them at the top, then waiting ones, then finished ones, the last to finish
   * first. What is too much is cut off at the end, and counted.
   */
  table(filter: TaskFilter): string {
    const query = readTaskQuery(filter, this.#lanes)
    const source = this.#source
    const now = source === null ? 0 : source.clock.now()
    const running: TaskRecord[] = []
    const waiting: TaskRecord[] = []
    const finished: TaskRecord[] = []
    for (const record of this.#sent(query)) {
      if (record.state === STARTED) running.push(record)
      else (isFinal(record.state) ? finished : waiting).push(record)
    }
    running.sort((a, b) => a.started! - b.started!)
    waiting.sort((a, b) => a.sequence - b.sequence)
    fill(waiting, this.#unsent(query), MOST_ROWS - running.length)
    fill(
      finished,
      this.#history.newestFirst(query.states, query.lane),
      MOST_ROWS - running.length - waiting.length,
    )
    const shown = [...running, ...waiting, ...finished].slice(0, MOST_ROWS)
    const rows = shown.map(record => this.#info(record, now))
    const epochNow = source === null ? 0 : source.epoch.fromInstant(now)
    return taskTable(rows, epochNow, this.#leftOut(query, shown))
  }

  #leftOut(query: TaskQuery, shown: readonly TaskRecord[]) {
    const of = (isOfKind: (state: number) => boolean): number => {
      const states = STATES.filter(isOfKind).reduce((bits, state) => bits | bit(state), 0) & query.states
      const all = this.#countUnfinished({ ...query, states }) + this.#history.count(states, query.lane)
      // A task may have gone from one kind to another since the rows were made.
      return Math.max(0, all - shown.filter(record => isOfKind(record.state)).length)
    }
    return {
      running: of(state => state === STARTED),
      waiting: of(state => state < STARTED),
      finished: of(isFinal),
    }
  }

  #info(record: TaskRecord, now = this.#source!.clock.now()): TaskInfo {
    return infoOf(record, this.#source!.epoch, now)
  }

  #lanesOf({ lane }: TaskQuery): readonly LaneTasks[] {
    const source = this.#source
    if (source === null) return []
    return lane === undefined ? this.#lanes.map(name => source.lane(name)) : [source.lane(lane)]
  }

  *#unfinished(query: TaskQuery): Generator<TaskRecord> {
    yield* this.#sent(query)
    yield* this.#unsent(query)
  }

  *#sent(query: TaskQuery): Generator<TaskRecord> {
    for (const lane of this.#lanesOf(query)) {
      for (const record of lane.sent()) if ((bit(record.state) & query.states) !== 0) yield record
    }
  }

  *#unsent(query: TaskQuery): Generator<TaskRecord> {
    for (const lane of this.#lanesOf(query)) {
      for (const record of lane.unsent()) if ((bit(record.state) & query.states) !== 0) yield record
    }
  }

  /** Without looking at each of those that wait here: there may be a million. */
  #countUnfinished(query: TaskQuery): number {
    let count = 0
    for (const _ of this.#sent(query)) count++
    for (const lane of this.#lanesOf(query)) {
      for (const state of STATES) if ((bit(state) & query.states) !== 0) count += lane.countUnsent(state)
    }
    return count
  }
}

/** Appends what there is, until there are so many. */
function fill(list: TaskRecord[], more: Iterable<TaskRecord>, most: number): void {
  if (list.length >= most) return
  for (const record of more) {
    list.push(record)
    if (list.length >= most) return
  }
}
