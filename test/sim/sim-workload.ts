import { Failure } from '#src/bridge/failure.js'
import { OVERLOAD_POLICIES } from '#src/core/admission.js'
import { MultilaneError, QueueFullError, TaskCanceledError } from '#src/core/errors.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { CANCELED, DONE, FAILED, isFinal, STARTED, TASK_STATES, TIMED_OUT } from '#src/core/task-state.js'
import { SimMaps } from './sim-maps.js'
import { SimScheduler } from './sim-scheduler.js'
import type { SimTask } from './sim-thread.js'
import { SimWorld } from './sim-world.js'

/** What a task is expected to come to, from what is known of it. */
interface Entry {
  readonly task: Task
  readonly kind: string
  readonly limited: boolean
  readonly idempotent: boolean
  readonly retries: number
  readonly key: string | null
  readonly transferring: boolean
  settled: number
  /** Whether a cancel answered true. */
  cancelled: boolean
  /** The order of its callbacks. */
  readonly log: string[]
}

/** What the run came across, to show that the interesting races were hit. */
export interface SimReport {
  readonly outcomes: Record<string, number>
  readonly deaths: number
  readonly rerun: number
  /** Tasks that waited for room, that were dropped, and that were run again after they failed. */
  readonly held: number
  readonly dropped: number
  readonly retried: number
  readonly refused: number
  readonly moved: number
  readonly cancelsLost: number
  readonly left: number
  readonly grown: number
  /** Maps that resolved, and that rejected. */
  readonly mapped: number
  readonly failedMaps: number
  readonly steps: number
}

const TASKS: Readonly<Record<string, SimTask>> = {
  quick: (_, value) => value,
  throws: () => {
    throw new TypeError('simulated')
  },
  waits: ({ world }, value) =>
    new Promise(resolve => {
      world.clock.after(world.random.below(30), () => resolve(value))
    }),
  slow: ({ world }, value) => {
    world.clock.advance(world.random.below(8))
    return value
  },
  ignoresAbort: ({ world }, value) =>
    new Promise(resolve => {
      world.clock.after(400 + world.random.below(400), () => resolve(value))
    }),
  uncloneable: () => () => 0,
  sizeOf: (_, buffer) => (buffer as ArrayBuffer).byteLength,
}

/** Runs one seed: random tasks, cancels, limits, deaths and parking, then a phase without faults in which all must end. */
export async function runSeed(seed: number): Promise<SimReport> {
  const world = new SimWorld(seed)
  const { random } = world
  const min = 1 + random.below(3)
  const options = {
    threads: { min, max: min + random.below(3) },
    concurrency: random.pick([1, 1, 2, 8]),
    grace: random.pick([5, 50]),
    queueLimit: random.pick([Number.POSITIVE_INFINITY, 1, 10]),
    overload: random.pick(OVERLOAD_POLICIES),
  }
  const scheduler = new SimScheduler(world, TASKS, options)
  const entries: Entry[] = []
  const maps = new SimMaps()
  let cancelsLost = 0
  let refused = 0
  let moved = 0
  let steps = 0
  const target = 40 + random.below(160)
  const deadly = random.chance(0.5)
  const elastic = options.threads.max > min
  while (entries.length < target || steps < 600) {
    steps++
    const roll = random.next()
    if (roll < 0.25 && entries.length < target) {
      for (let burst = random.below(6); burst >= 0; burst--) {
        const entry = submit(scheduler, world)
        if (entry === null) refused++
        else entries.push(entry)
      }
    } else if (roll < 0.32 && entries.length > 0) {
      const entry = random.pick(entries)
      if (cancel(scheduler, entry)) entry.cancelled = true
      else cancelsLost++
    } else if (roll < 0.36 && entries.length > 0) {
      if (scheduler.lane.setPriority(random.pick(entries).task, random.below(5))) moved++
    } else if (roll < 0.37 && deadly && scheduler.deaths < 6) {
      scheduler.killByFault(random.pick([...scheduler.threads, ...scheduler.threads]))
    } else if (roll < 0.38 && elastic) {
      scheduler.retire(random.pick([...scheduler.threads]))
    } else if (roll < 0.4) {
      scheduler.park(random.chance(0.5))
    } else if (roll < 0.41 && entries.length < target) {
      startMap(scheduler, world, maps, entries)
    } else {
      world.step()
      await promisesSettled()
    }
    check(seed, scheduler, entries, options.concurrency)
  }
  scheduler.park(false)
  for (let idle = 0; idle < 3; idle++) {
    while (world.step(world.clock.now() + 10_000)) {
      if (++steps > 100_000) throw new Error(`seed ${seed}: it never ends`)
      await promisesSettled()
      check(seed, scheduler, entries, options.concurrency)
    }
  }
  await promisesSettled()
  return { ...conclude(seed, scheduler, entries), ...maps.conclude(seed), cancelsLost, refused, moved, steps }
}

/** Promises of simulated tasks settle in real microtasks, a few for each `then` on the way. */
async function promisesSettled(): Promise<void> {
  for (let round = 0; round < 10; round++) await undefined
}

/** Submits a random task; null if the lane refuses it. */
function submit(scheduler: SimScheduler, world: SimWorld): Entry | null {
  const { random } = world
  const kind = random.pick(
    Object.keys(TASKS).concat('quick', 'quick', 'quick', 'slow', 'uncloneableArgument', 'unknown'),
  )
  const name = kind === 'uncloneableArgument' ? 'quick' : kind
  const now = world.clock.now()
  const extras = random.chance(0.5) ? new TaskExtras() : null
  const sequence = scheduler.sender.nextSequence()
  const log: string[] = []
  // Its size is what the task answers, so that it is seen whether it arrived.
  const buffer = new ArrayBuffer(sequence)
  if (extras !== null) {
    if (random.chance(0.2)) extras.timeout = random.below(20)
    if (random.chance(0.2)) extras.waitUntil = now + random.below(20)
    if (random.chance(0.1)) extras.deadline = now + random.below(40)
    if (random.chance(0.1)) extras.notBefore = now + random.below(20)
    extras.priority = random.below(3)
    extras.idempotent = random.chance(0.3)
    if (random.chance(0.3)) extras.key = random.pick(['a', 'b'])
    if (kind === 'sizeOf') extras.transfer = [buffer]
    else if (random.chance(0.3))
      extras.retries = { limit: 1 + random.below(3), delay: random.below(20), maxDelay: 30 }
    extras.reportStart = random.chance(0.5)
    extras.observer = {
      accepted: () => {},
      started: () => log.push('start'),
      finished: () => log.push('final'),
    }
  }
  const argument = kind === 'uncloneableArgument' ? () => 0 : kind === 'sizeOf' ? buffer : sequence
  const limited =
    extras !== null &&
    Math.min(extras.timeout, extras.waitUntil, extras.deadline) !== Number.POSITIVE_INFINITY
  const entry: Entry = {
    task: new Task(scheduler.lane.target(name), sequence, [argument], now, () => entry.settled++, extras),
    kind,
    limited,
    idempotent: extras?.idempotent ?? false,
    retries: extras?.retries?.limit ?? 0,
    key: extras?.key ?? null,
    transferring: extras !== null && extras.transfer !== null,
    settled: 0,
    cancelled: false,
    log,
  }
  try {
    scheduler.lane.submit(entry.task, scheduler.lane.admit())
    return entry
  } catch (error) {
    if (error instanceof QueueFullError) return null
    throw error
  }
}

/** Starts a map over a few items, of which some fail; its tasks are entries like all others. */
function startMap(scheduler: SimScheduler, world: SimWorld, maps: SimMaps, entries: Entry[]): void {
  const { random } = world
  const kinds = Array.from({ length: random.below(12) }, () =>
    random.pick(['quick', 'quick', 'quick', 'slow', 'waits', random.chance(0.2) ? 'throws' : 'quick']),
  )
  maps.start(kinds, {
    submit: (kind, resolve) => {
      const { lane, sender } = scheduler
      const how = lane.admit()
      const sequence = sender.nextSequence()
      const settle = (outcome: unknown, settled: Task): void => {
        entry.settled++
        resolve(outcome, settled)
      }
      const entry: Entry = {
        task: new Task(lane.target(kind), sequence, [sequence], world.clock.now(), settle, null),
        kind,
        limited: false,
        idempotent: false,
        retries: 0,
        key: null,
        transferring: false,
        settled: 0,
        cancelled: false,
        log: [],
      }
      entries.push(entry)
      lane.submit(entry.task, how)
      return entry.task
    },
    cancel: task => {
      const entry = entries.find(one => one.task === task)!
      if (cancel(scheduler, entry)) entry.cancelled = true
    },
  })
}

function cancel(scheduler: SimScheduler, { task }: Entry): boolean {
  const error = new TaskCanceledError(task.target.name)
  const before = scheduler.lane.stateOf(task)
  const decided = scheduler.lane.cancel(task, Failure.of(error))
  if (decided && isFinal(before)) throw new Error('a cancel overturned an outcome')
  if (decided && task.state !== CANCELED) throw new Error('a cancel decided and the task is not cancelled')
  return decided
}

/** What must hold after every step. */
function check(seed: number, scheduler: SimScheduler, entries: readonly Entry[], concurrency: number): void {
  for (const thread of scheduler.threads) {
    if (thread.loop.pending > concurrency)
      throw new Error(`seed ${seed}: ${thread.loop.pending} tasks at a time`)
  }
  for (const key of ['a', 'b']) {
    const running = entries.filter(entry => entry.key === key && isRunning(scheduler, entry.task.sequence))
    if (running.length > 1) throw new Error(`seed ${seed}: ${running.length} tasks of key ${key} at a time`)
  }
  const unfinished = entries.filter(entry => !entry.task.dead).length
  if (unfinished !== scheduler.sender.unfinished)
    throw new Error(`seed ${seed}: unfinished tasks are miscounted`)
  for (const { task, settled, log } of entries) {
    if (settled !== (task.dead ? 1 : 0))
      throw new Error(`seed ${seed}: task ${task.sequence} settled ${settled} times`)
    if (
      log.length > 2 ||
      log.indexOf('final') < log.length - 1 ||
      log.filter(one => one === 'start').length > 1
    ) {
      if (log.includes('final')) throw new Error(`seed ${seed}: callbacks came as ${log.join(', ')}`)
    }
    if (task.id !== 0 && scheduler.lane.stateOf(task) < STARTED) {
      if (isRunning(scheduler, task.sequence)) throw new Error(`seed ${seed}: a started task is not STARTED`)
    }
  }
}

/** What must hold when nothing is left to happen. */
function conclude(
  seed: number,
  scheduler: SimScheduler,
  entries: readonly Entry[],
): Omit<SimReport, 'cancelsLost' | 'refused' | 'moved' | 'mapped' | 'failedMaps' | 'steps'> {
  const outcomes: Record<string, number> = {}
  let rerun = 0
  let held = 0
  let dropped = 0
  let retried = 0
  for (const entry of entries) {
    const { task, kind } = entry
    const state = TASK_STATES[task.state]!
    const at = `seed ${seed}: task ${task.sequence} (${kind}) is ${state}`
    outcomes[state] = (outcomes[state] ?? 0) + 1
    if (!task.dead) throw new Error(`${at}: lost`)
    const wasDropped = task.state === CANCELED && codeOf(task) === 'ERR_DROPPED'
    if (wasDropped) dropped++
    if ((task.extras?.acceptance ?? null) !== null) held++
    const failures = task.extras?.failures ?? 0
    if (failures > 0) retried++
    if (failures > entry.retries) throw new Error(`${at} after ${failures} failures`)
    if (
      task.state === FAILED &&
      kind === 'throws' &&
      deathless(scheduler) &&
      failures < entry.retries &&
      !entry.limited
    )
      throw new Error(`${at} after only ${failures} retries`)
    if ((entry.cancelled || wasDropped) !== (task.state === CANCELED))
      throw new Error(`${at}, cancelled: ${entry.cancelled}`)
    if (task.state === TIMED_OUT && !entry.limited) throw new Error(`${at} without a limit`)
    if (task.state === DONE && task.payload !== task.sequence) throw new Error(`${at} with ${task.payload}`)
    if (task.state === FAILED) checkFailure(at, entry, scheduler.deaths)
    const begun = scheduler.begun.get(task.sequence) ?? []
    if (begun.length > 1 + failures) {
      rerun++
      const died = begun.filter(thread => thread.isGone).length
      if (!entry.idempotent || entry.transferring || begun.length - died > 1 + failures)
        throw new Error(`${at}: run twice`)
    }
  }
  if (scheduler.sender.sent.table.inUse !== 0) {
    throw new Error(`seed ${seed}: ${scheduler.sender.sent.table.inUse} slots leaked`)
  }
  if (scheduler.sender.strays > 0)
    throw new Error(`seed ${seed}: ${scheduler.sender.strays} messages went astray`)
  if (scheduler.reported.length > 0) throw scheduler.reported[0]
  const { deaths, left, grown } = scheduler
  return { outcomes, deaths, rerun, held, dropped, retried, left, grown }
}

function deathless(scheduler: SimScheduler): boolean {
  return scheduler.deaths === 0
}

function isRunning(scheduler: SimScheduler, sequence: number): boolean {
  return [...scheduler.threads].some(thread => thread.running.has(sequence))
}

function checkFailure(at: string, { task, kind, transferring }: Entry, deaths: number): void {
  const code = codeOf(task)
  const expected: Record<string, string> = {
    throws: 'TypeError',
    uncloneable: 'ERR_RESULT_NOT_CLONEABLE',
    uncloneableArgument: 'ERR_NOT_CLONEABLE',
    unknown: 'ERR_TASK_UNKNOWN',
  }
  // ERR_LANE_CLOSED: here the word of why a port closed may take longer than a sender waits for it.
  const byDeath = deaths > 0 && ['ERR_LANE_EXITED', 'ERR_LANE_TERMINATED', 'ERR_LANE_CLOSED'].includes(code)
  if (code === 'ERR_TRANSFER_LOST' && transferring && deaths > 0) return
  if (code !== expected[kind] && !byDeath) throw new Error(`${at} with ${code}`)
}

function codeOf(task: Task): string {
  const error = (task.payload as Failure).error()
  if (error instanceof MultilaneError) return error.code
  return error instanceof TypeError ? 'TypeError' : String(error)
}
