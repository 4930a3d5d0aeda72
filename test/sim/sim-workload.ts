import type { Failure } from '#src/bridge/failure.js'
import { MultilaneError, TaskCanceledError } from '#src/core/errors.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { CANCELED, DONE, FAILED, isFinal, STARTED, TASK_STATES, TIMED_OUT } from '#src/core/task-state.js'
import { SimScheduler } from './sim-scheduler.js'
import type { SimTask } from './sim-thread.js'
import { SimWorld } from './sim-world.js'

/** What a task is expected to come to, from what is known of it. */
interface Entry {
  readonly task: Task
  readonly kind: string
  readonly limited: boolean
  readonly idempotent: boolean
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
  readonly cancelsLost: number
  readonly left: number
  readonly grown: number
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
    queueLimit: Number.POSITIVE_INFINITY,
  }
  const scheduler = new SimScheduler(world, TASKS, options)
  const entries: Entry[] = []
  let cancelsLost = 0
  let steps = 0
  const target = 40 + random.below(160)
  const deadly = random.chance(0.5)
  const elastic = options.threads.max > min
  while (entries.length < target || steps < 600) {
    steps++
    const roll = random.next()
    if (roll < 0.25 && entries.length < target) {
      for (let burst = random.below(6); burst >= 0; burst--) entries.push(submit(scheduler, world))
    } else if (roll < 0.32 && entries.length > 0) {
      const entry = random.pick(entries)
      if (cancel(scheduler, entry)) entry.cancelled = true
      else cancelsLost++
    } else if (roll < 0.33 && deadly && scheduler.deaths < 6) {
      scheduler.killByFault(random.pick([...scheduler.threads, ...scheduler.threads]))
    } else if (roll < 0.34 && elastic) {
      scheduler.retire(random.pick([...scheduler.threads]))
    } else if (roll < 0.36) {
      scheduler.park(random.chance(0.5))
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
  return conclude(seed, scheduler, entries, cancelsLost, steps)
}

/** Promises of simulated tasks settle in real microtasks, a few for each `then` on the way. */
async function promisesSettled(): Promise<void> {
  for (let round = 0; round < 10; round++) await undefined
}

function submit(scheduler: SimScheduler, world: SimWorld): Entry {
  const { random } = world
  const kind = random.pick(
    Object.keys(TASKS).concat('quick', 'quick', 'quick', 'slow', 'uncloneableArgument', 'unknown'),
  )
  const name = kind === 'uncloneableArgument' ? 'quick' : kind
  const now = world.clock.now()
  const extras = random.chance(0.5) ? new TaskExtras() : null
  const sequence = scheduler.sender.nextSequence()
  const log: string[] = []
  if (extras !== null) {
    if (random.chance(0.2)) extras.timeout = random.below(20)
    if (random.chance(0.2)) extras.waitUntil = now + random.below(20)
    if (random.chance(0.1)) extras.deadline = now + random.below(40)
    if (random.chance(0.1)) extras.notBefore = now + random.below(20)
    extras.priority = random.below(3)
    extras.idempotent = random.chance(0.3)
    extras.reportStart = random.chance(0.5)
    extras.observer = { started: () => log.push('start'), finished: () => log.push('final') }
  }
  const argument = kind === 'uncloneableArgument' ? () => 0 : sequence
  const limited =
    extras !== null &&
    Math.min(extras.timeout, extras.waitUntil, extras.deadline) !== Number.POSITIVE_INFINITY
  const entry: Entry = {
    task: new Task(scheduler.lane.target(name), sequence, [argument], now, () => entry.settled++, extras),
    kind,
    limited,
    idempotent: extras?.idempotent ?? false,
    settled: 0,
    cancelled: false,
    log,
  }
  scheduler.lane.admit()
  scheduler.lane.submit(entry.task)
  return entry
}

function cancel(scheduler: SimScheduler, { task }: Entry): boolean {
  const error = new TaskCanceledError(task.target.name)
  const before = scheduler.lane.stateOf(task)
  const decided = scheduler.lane.cancel(task, error, error)
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
    if (task.id !== 0 && scheduler.lane.stateOf(task) < STARTED && scheduler.begun.has(task.sequence)) {
      const on = scheduler.begun.get(task.sequence)!
      if (on.some(thread => !thread.isGone)) throw new Error(`seed ${seed}: a started task is not STARTED`)
    }
  }
}

/** What must hold when nothing is left to happen. */
function conclude(
  seed: number,
  scheduler: SimScheduler,
  entries: readonly Entry[],
  cancelsLost: number,
  steps: number,
): SimReport {
  const outcomes: Record<string, number> = {}
  let rerun = 0
  for (const entry of entries) {
    const { task, kind } = entry
    const state = TASK_STATES[task.state]!
    const at = `seed ${seed}: task ${task.sequence} (${kind}) is ${state}`
    outcomes[state] = (outcomes[state] ?? 0) + 1
    if (!task.dead) throw new Error(`${at}: lost`)
    if (entry.cancelled !== (task.state === CANCELED)) throw new Error(`${at}, cancelled: ${entry.cancelled}`)
    if (task.state === TIMED_OUT && !entry.limited) throw new Error(`${at} without a limit`)
    if (task.state === DONE && task.payload !== task.sequence) throw new Error(`${at} with ${task.payload}`)
    if (task.state === FAILED) checkFailure(at, entry, scheduler.deaths)
    const begun = scheduler.begun.get(task.sequence) ?? []
    if (begun.length > 1) {
      rerun++
      if (!entry.idempotent || begun.slice(0, -1).some(thread => !thread.isGone))
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
  return { outcomes, deaths, rerun, cancelsLost, left, grown, steps }
}

function checkFailure(at: string, { task, kind }: Entry, deaths: number): void {
  const error = (task.payload as Failure).error()
  const code =
    error instanceof MultilaneError ? error.code : error instanceof TypeError ? 'TypeError' : String(error)
  const expected: Record<string, string> = {
    throws: 'TypeError',
    uncloneable: 'ERR_RESULT_NOT_CLONEABLE',
    uncloneableArgument: 'ERR_NOT_CLONEABLE',
    unknown: 'ERR_TASK_UNKNOWN',
  }
  // ERR_LANE_CLOSED: here the word of why a port closed may take longer than a sender waits for it.
  const byDeath = deaths > 0 && ['ERR_LANE_EXITED', 'ERR_LANE_TERMINATED', 'ERR_LANE_CLOSED'].includes(code)
  if (code !== expected[kind] && !byDeath) throw new Error(`${at} with ${code}`)
}
