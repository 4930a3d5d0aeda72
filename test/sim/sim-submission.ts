import { Failure } from '#src/bridge/failure.js'
import { MultilaneError, TaskCanceledError } from '#src/core/errors.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { CANCELED, isFinal } from '#src/core/task-state.js'
import type { Random } from '../support/random.js'
import { noteMoved } from './dependency-checks.js'
import type { Detectors } from './detectors.js'
import type { NestingExtras } from './nesting-extras.js'
import type { Races } from './races.js'
import type { SimDependencies } from './sim-dependencies.js'
import type { SimHandles } from './sim-handles.js'
import type { SimMap, SimMaps } from './sim-maps.js'
import { type Entry, entryOf, type SimSender } from './sim-sender.js'
import type { SimWorld } from './sim-world.js'

const KINDS = [
  ...['quick', 'quick', 'quick', 'quick', 'throws', 'waits', 'slow', 'slow', 'heedsAbort', 'ignoresAbort'],
  ...['uncloneable', 'sizeOf', 'uncloneableArgument', 'unknown', 'blamed'],
]

/** Those that hold a loop for long are of use where somebody minds. */
const KINDS_WITH_STALLS = [...KINDS, 'holds', 'native', 'nativeLater']
const DEADLY_KINDS = [...KINDS_WITH_STALLS, 'exits']
/** Those in which users' code is called more than elsewhere. */
const USERS_KINDS = ['read', 'read', 'fickle', 'fickleArgument']
const CALLS = ['calls', 'calls', 'calls', 'calls', 'calls', 'calls', 'awaits', 'awaits', 'awaits']

/** What is submitted in a run, and what is done to it. */
export class Submissions {
  readonly #world: SimWorld
  readonly #detectors: Detectors
  readonly #races: Races
  readonly #dependencies: SimDependencies
  /** Whether some may take their thread with them. */
  deadly = false
  /** Whether some hold their loop for long. */
  readonly #stalling: boolean
  /** How many there may be in all. */
  readonly #most: number
  /** Whether tasks submit others. */
  readonly #nesting: NestingExtras | null
  count = 0
  /** Those that tasks are given, where they are given any. */
  handles: SimHandles | null = null

  constructor(
    world: SimWorld,
    detectors: Detectors,
    races: Races,
    dependencies: SimDependencies,
    { stalling, nesting }: { readonly stalling: boolean; readonly nesting: NestingExtras | null },
  ) {
    this.#nesting = nesting
    this.#world = world
    this.#detectors = detectors
    this.#races = races
    this.#dependencies = dependencies
    this.#stalling = stalling
    this.#most = 30 + world.random.below(100)
  }

  get isOver(): boolean {
    return this.count >= this.#most
  }

  /** Submits a random task, unless it is refused. */
  submit(sender: SimSender, lane: string): void {
    this.#submit(sender, lane, this.#world.random.pick(this.#kinds), null, () => {})
  }

  /**
   * Submits a random task for another.
   *
   * @returns null if it is refused
   */
  submitNested(
    sender: SimSender,
    lane: string,
    parent: Entry | null,
    settled: (entry: Entry) => void,
  ): Entry | null {
    if (this.count >= 2 * this.#most) return null
    return this.#submit(sender, lane, this.#world.random.pick(this.#kinds), parent, settled)
  }

  #submit(
    sender: SimSender,
    lane: string,
    wanted: string,
    parent: Entry | null,
    settled: (entry: Entry) => void,
  ): Entry | null {
    const { random } = this.#world
    const given = wanted === 'awaits' ? (this.handles?.offer(sender) ?? null) : null
    const kind = wanted === 'awaits' && given === null ? 'quick' : wanted
    const now = this.#world.now()
    const sequence = sender.sender.nextSequence()
    // Its size is what the task answers, so that it is seen whether it arrived.
    const buffer = new ArrayBuffer(sequence)
    const after =
      parent === null
        ? this.#dependencies.choose(sender)
        : this.#dependencies.chooseNested(sender, this.#nesting!)
    if (parent !== null && after.length > 0) this.#races.hit('nested task that starts after others')
    let extras = random.chance(0.5) ? randomExtras(random, now, kind === 'sizeOf' ? [buffer] : null) : null
    if (after.length > 0) {
      extras ??= new TaskExtras()
      extras.dependencies = this.#dependencies.of(after)
    }
    // Tasks that wait for each other's turn would do so for ever.
    if (extras !== null && (given !== null || kind === 'calls')) extras.key = null
    const name = kind === 'uncloneableArgument' || kind === 'fickleArgument' ? 'quick' : kind
    const argument = kind === 'uncloneableArgument' ? () => 0 : kind === 'sizeOf' ? buffer : sequence
    const settle = (): void => {
      this.#detectors.settled(entry)
      settled(entry)
    }
    const target = sender.sender.lane(lane).target(name)
    const args: unknown[] = [argument, ...(given ?? [])]
    if (this.#world.usersCode !== null) args.push(this.#accessor(kind === 'fickleArgument'))
    const task = new Task(target, sequence, args, now, settle, extras)
    const entry = entryOf(sender, task, kind, parent, after)
    if (extras !== null) {
      entry.isObserved = true
      extras.observer = {
        accepted: () => {
          this.#races.hit('held for want of room')
          this.#callBack(sender)
        },
        started: () => {
          this.#detectors.started(entry)
          this.#callBack(sender)
        },
        finished: () => {
          this.#detectors.finished(entry)
          this.#callBack(sender)
        },
      }
    }
    try {
      this.#hand(entry)
      return entry
    } catch (error) {
      if (!(error instanceof MultilaneError)) throw error
      return null
    }
  }

  /** What comes last among the arguments of a task, for users' code to be run as they are read. @param isFickle whether it throws at times */
  #accessor(isFickle: boolean): object {
    const world = this.#world
    return {
      get read() {
        world.usersCode?.('an argument')
        if (isFickle && world.random.chance(0.5)) throw new RangeError('not this time')
        return true
      },
    }
  }

  #callBack({ sender }: SimSender): void {
    const { usersCode } = this.#world
    if (usersCode !== null) sender.surroundings.deliver(() => usersCode('a callback'))
  }

  get #kinds(): readonly string[] {
    const kinds = this.#world.usersCode === null ? this.#plainKinds : [...this.#plainKinds, ...USERS_KINDS]
    return this.#nesting !== null ? [...kinds, ...CALLS] : kinds
  }

  get #plainKinds(): readonly string[] {
    return this.deadly ? DEADLY_KINDS : this.#stalling ? KINDS_WITH_STALLS : KINDS
  }

  /** Starts a map over a few items, of which some fail; its tasks are entries like all others. */
  startMap(
    sender: SimSender,
    lane: string,
    maps: SimMaps,
    parent: Entry | null = null,
    random = this.#world.random,
  ): SimMap {
    const kinds = Array.from({ length: random.below(12) }, () =>
      random.pick(['quick', 'quick', 'quick', 'slow', 'waits', random.chance(0.2) ? 'throws' : 'quick']),
    )
    const entries = new Map<Task, Entry>()
    return maps.start(kinds, {
      of: sender.actor,
      deliveries: sender.sender.deliveries,
      submit: (kind, resolve) => {
        const sequence = sender.sender.nextSequence()
        const settle = (outcome: unknown, settled: Task): void => {
          this.#detectors.settled(entry)
          resolve(outcome, settled)
        }
        const now = this.#world.now()
        const task = new Task(sender.sender.lane(lane).target(kind), sequence, [sequence], now, settle, null)
        const entry = entryOf(sender, task, kind, parent)
        entries.set(task, entry)
        this.#hand(entry)
        return task
      },
      cancel: task => this.cancel(entries.get(task)!),
      read: () => this.#world.usersCode?.('an iterator'),
    })
  }

  cancel(entry: Entry): void {
    const { task, lane } = entry
    const before = lane.stateOf(task)
    const decided = lane.cancel(task, Failure.of(new TaskCanceledError(task.target.name)))
    if (!decided) return
    entry.cancelled = true
    if (isFinal(before)) this.#detectors.fail('outcome', 'a cancel overturned its outcome', { entry })
    if (task.state !== CANCELED)
      this.#detectors.fail('outcome', 'a cancel decided, and it is not cancelled', { entry })
  }

  setPriority(entry: Entry): void {
    const { task, lane } = entry
    if (!lane.setPriority(task, this.#world.random.below(5))) return
    this.#races.hit('moved')
    noteMoved(entry)
  }

  /** @throws MultilaneError if it is refused */
  #hand(entry: Entry): void {
    try {
      entry.sender.hand(entry)
      this.count++
    } catch (error) {
      if (error instanceof MultilaneError) this.#races.hit('refused')
      throw error
    }
  }
}

function randomExtras(random: Random, now: number, transfer: readonly object[] | null): TaskExtras {
  const extras = new TaskExtras()
  if (random.chance(0.2)) extras.timeout = random.below(20)
  if (random.chance(0.2)) extras.waitUntil = now + random.below(20)
  if (random.chance(0.1)) extras.deadline = now + random.below(40)
  if (random.chance(0.1)) extras.notBefore = now + random.below(20)
  extras.priority = random.below(3)
  extras.idempotent = random.chance(0.3)
  if (random.chance(extras.idempotent ? 0.6 : 0.3)) extras.key = random.pick(['a', 'b'])
  extras.transfer = transfer
  if (transfer === null && random.chance(0.3))
    extras.retries = { limit: 1 + random.below(3), delay: random.below(20), maxDelay: 30 }
  extras.reportStart = random.chance(0.5)
  return extras
}
