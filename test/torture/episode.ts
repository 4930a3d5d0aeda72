import { setTimeout as sleep } from 'node:timers/promises'
import { LaneError, MultilaneError, SchedulerThread, type TaskHandle } from 'multilane'
import type { Random } from '../support/random.js'
import { type BoardMemory, deedsOf, newBoard, overlapsOf, runsOf, sharedNow } from './board.js'
import { type Account, audit, type Entry, type Loss } from './ledger.js'
import { type Plan, planTask } from './task-plan.js'
import type * as torture from './tasks/torture.js'
import {
  FRAGILE_MAX,
  LANE_NAMES,
  PEACEFUL,
  TORTURE_LANES,
  type TortureScheduler,
  tortureTasks,
} from './torture-lanes.js'

/** As many as may be unfinished before more are submitted. */
const MOST_UNFINISHED = 400
/** What has not ended by then hangs. */
const PATIENCE_MS = 90_000

const CALLBACKS = {
  submit: 'onSubmit',
  start: 'onStart',
  done: 'onDone',
  error: 'onError',
  timeout: 'onTimeout',
  cancel: 'onCancel',
} as const

/** One scheduler from its start to its end, with all that is submitted to it and what becomes of it. */
export class Episode {
  readonly #random: Random
  readonly #board: BoardMemory = newBoard()
  readonly #entries: Entry[] = []
  readonly #losses: Loss[] = []
  readonly #stalls: string[] = []
  readonly #endings: { from: number; to: number }[] = []
  readonly #unexpected: string[] = []
  readonly #scheduler: TortureScheduler
  #unfinished = 0
  #startFailed = false
  /** A lane that was given up is open again after a start. */
  #firstSinceStart = 0

  constructor(random: Random) {
    this.#random = random
    this.#scheduler = new SchedulerThread<typeof torture, keyof typeof TORTURE_LANES>({
      tasks: tortureTasks,
      lanes: TORTURE_LANES,
    })
    this.#scheduler.on('restart', ({ lane, error }) => {
      const code = error instanceof LaneError ? error.code : String(error)
      this.#losses.push({ lane, code, at: sharedNow(), holders: holdersOf(error) })
    })
    this.#scheduler.on('stall', ({ lane, action }) => this.#stalls.push(`lane ${lane} stalled: ${action}`))
    this.#scheduler.on('slow', () => {})
    this.#scheduler.on('error', error => {
      // A thread whose heap is full may be ended for something else before that is known.
      if (!(error instanceof Error) || !/as planned|reaching memory limit/.test(error.message))
        this.#unexpected.push(`an error of nobody's: ${String(error)}`)
    })
  }

  get entries(): readonly Entry[] {
    return this.#entries
  }

  get losses(): readonly Loss[] {
    return this.#losses
  }

  /** What was told of stalls. */
  get stalls(): readonly string[] {
    return this.#stalls
  }

  /**
   * @param duration milliseconds of load
   * @returns all that is wrong
   */
  async run(duration: number): Promise<string[]> {
    const random = this.#random
    await this.#scheduler.start()
    await this.#load(duration / 2)
    let starting = Promise.resolve(true)
    if (random.chance(0.3)) {
      await this.#ending(this.#scheduler.stop())
      this.#firstSinceStart = this.#entries.length
      starting = this.#startAgain()
      starting.catch(() => {})
      if (random.chance(0.7)) await starting
    }
    // Often enough it is closed in the middle of all that, and sometimes while it starts.
    if (random.chance(0.9)) await this.#load(duration / 2)
    if (random.chance(0.5)) {
      if (await starting) await this.#settleDown()
    }
    await this.#ending(this.#scheduler.close({ timeout: random.pick([0, 20, 500, 5_000]) }))
    await this.#allEnded('after the scheduler was closed')
    const overlaps = overlapsOf(this.#board)
    if (overlaps > 0) this.#unexpected.push(`${overlaps} times a task went on while another of its key ran`)
    return [...this.#unexpected, ...audit(this.account)]
  }

  /** Tasks are submitted meanwhile, and may have a lane given up before all are ready; that fails the start. */
  async #startAgain(): Promise<boolean> {
    try {
      await this.#scheduler.start()
      return true
    } catch (error) {
      if (!(error instanceof LaneError) || error.code !== 'ERR_LANE_FAILED' || error.lane !== 'fragile')
        throw error
      this.#startFailed = true
      return false
    }
  }

  get account(): Account {
    const board = this.#board
    return {
      entries: this.#entries,
      deeds: deedsOf(board),
      losses: this.#losses,
      runs: task => runsOf(board, task),
      endings: this.#endings,
      untold: new Set(['elastic', 'fragile', 'relief']),
      fragile: new Map([['fragile', FRAGILE_MAX]]),
      misjudged: new Set(['shedding', 'strict']),
      dropping: new Set(['shedding']),
      bounded: new Set(['calm', 'shedding']),
      startFailed: this.#startFailed,
    }
  }

  /** Submits at random, for so many milliseconds. */
  async #load(duration: number): Promise<void> {
    const random = this.#random
    for (const until = performance.now() + duration; performance.now() < until; ) {
      const controller = new AbortController()
      for (let i = random.below(60); i > 0; i--) this.#submit(controller.signal)
      if (random.chance(0.3)) setTimeout(() => controller.abort(), random.below(40))
      if (random.chance(0.02)) spend(random.below(600))
      await sleep(random.below(20))
      if (this.#unfinished > MOST_UNFINISHED) await this.#allEnded('under load', MOST_UNFINISHED / 4)
    }
  }

  #submit(signal: AbortSignal): void {
    const random = this.#random
    const task = this.#entries.length
    const plan = planTask(random, this.#board, task, random.pick(LANE_NAMES), signal)
    const { lane, name, args, options } = plan
    const { retries } = options
    const entry: Entry = {
      task,
      lane,
      name,
      retries: typeof retries === 'object' ? retries.limit : (retries ?? 0),
      idempotent: options.idempotent === true,
      transfers: options.transfer !== undefined,
      limited: (options.timeout ?? options.queueTimeout ?? options.deadline) !== undefined,
      signalled: options.signal !== undefined,
      callbacks: [],
      refusal: undefined,
      cancels: 0,
      end: undefined,
      ends: 0,
    }
    this.#entries.push(entry)
    let handle: TaskHandle
    try {
      handle = this.#scheduler.submitTask(
        lane,
        name,
        args as never,
        {
          ...options,
          ...this.#callbacksOf(entry),
        } as never,
      ) as TaskHandle
    } catch (error) {
      if (!(error instanceof MultilaneError)) throw error
      entry.refusal = error.code
      return
    }
    this.#unfinished++
    this.#follow(entry, handle, plan)
  }

  #callbacksOf({ callbacks }: Entry): Record<string, () => void> {
    const functions: Record<string, () => void> = {}
    for (const [told, option] of Object.entries(CALLBACKS)) {
      if ((told === 'submit' || told === 'start') && this.#random.chance(0.5)) continue
      functions[option] = () => {
        callbacks.push(told)
      }
    }
    return functions
  }

  #follow(entry: Entry, handle: TaskHandle, { options }: Plan): void {
    const random = this.#random
    const ended = (code: string | undefined, value: unknown, holders: readonly string[] = []): void => {
      this.#unfinished--
      entry.ends++
      const { state, timestamps } = handle
      entry.end = { state, code, value, at: sharedNow(), started: timestamps.start !== undefined, holders }
    }
    handle.result().then(
      value => ended(undefined, value),
      error => {
        const code = error instanceof MultilaneError ? error.code : (error as Error).name
        ended(code, undefined, holdersOf(error))
      },
    )
    const cancel = (): void => {
      if (handle.cancel('not wanted')) entry.cancels++
    }
    if (random.chance(0.1)) setTimeout(cancel, random.below(60))
    if (random.chance(0.03)) {
      cancel()
      cancel()
    }
    if (options.priority !== undefined && random.chance(0.5))
      setTimeout(() => handle.setPriority(random.below(9)), random.below(20))
  }

  async #ending(end: Promise<void>): Promise<void> {
    const ending = { from: sharedNow(), to: Number.POSITIVE_INFINITY }
    this.#endings.push(ending)
    const { signal } = new AbortController()
    for (let i = this.#random.below(5); i > 0; i--) {
      this.#submit(signal)
      await sleep(1)
    }
    await end
    await this.#allEnded('after it was ended')
    ending.to = sharedNow()
  }

  /** Waits until nothing is left to do, and looks at what there is then. */
  async #settleDown(): Promise<void> {
    await this.#allEnded('without more load')
    const until = performance.now() + PATIENCE_MS
    for (;;) {
      const { lanes, unfinished, strays } = await this.#scheduler.stats()
      const isGivenUp = this.#entries
        .slice(this.#firstSinceStart)
        .some(({ refusal, end }) => [refusal, end?.code].includes('ERR_LANE_FAILED'))
      if (isGivenUp && lanes.fragile!.threads > 0 && performance.now() < until) {
        await sleep(20)
        continue
      }
      if (isGivenUp && lanes.fragile!.threads > 0)
        this.#unexpected.push('a lane that was given up has threads')
      const fewer = LANE_NAMES.filter(name => name !== 'fragile' && lanes[name]!.threads < leastThreads(name))
      if (fewer.length > 0 && performance.now() < until) {
        await sleep(20)
        continue
      }
      if (fewer.length > 0) this.#unexpected.push(`lanes without their threads: ${fewer.join(', ')}`)
      if (unfinished > 0) this.#unexpected.push(`${unfinished} are unfinished`)
      if (strays > 0) this.#unexpected.push(`${strays} messages made no sense`)
      for (const name of PEACEFUL)
        if (lanes[name]!.restarts > 0) this.#unexpected.push(`lane ${name} has lost a thread`)
      break
    }
  }

  /** Waits until at most so many are unfinished, and tells what is left if that lasts too long. */
  async #allEnded(when: string, most = 0): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS; this.#unfinished > most; ) {
      if (performance.now() > until) {
        const left = this.#entries.filter(({ end, refusal }) => end === undefined && refusal === undefined)
        const table = left.map(({ task, name, lane }) => `${name} ${task} on ${lane}`).join(', ')
        throw new Error(`${left.length} have not ended ${when}: ${table}\n${this.#scheduler.dumpTasks()}`)
      }
      await sleep(5)
    }
  }
}

function holdersOf(error: unknown): readonly string[] {
  return error instanceof LaneError ? (error.holders ?? []) : []
}

/** Keeps this thread from all else. */
function spend(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

function leastThreads(name: keyof typeof TORTURE_LANES): number {
  const { threads = 1 } = TORTURE_LANES[name] as { readonly threads?: number | { readonly min: number } }
  return typeof threads === 'number' ? threads : threads.min
}
