import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { LaneError, MultilaneError, SchedulerThread, type TaskHandle } from 'multilane'
import type { Random } from '../support/random.js'
import { type BoardMemory, deedsOf, newBoard, overlapsOf, runsOf, sharedNow } from './board.js'
import { isHeldByWait, reaches } from './deaths.js'
import { notesOf } from './journal.js'
import { type Account, audit, type Entry, type Loss } from './ledger.js'
import { forgetSender, nothingLeftOver } from './left-over.js'
import { openOf, readJournal, type Told } from './nested-entries.js'
import { type Plan, planTask, type TortureName, termsOf } from './task-plan.js'
import type * as torture from './tasks/torture.js'
import {
  CALLBACKS,
  FRAGILE_MAX,
  LANE_NAMES,
  PEACEFUL,
  TORTURE_LANES,
  type TortureLane,
  type TortureScheduler,
  tortureTasks,
} from './torture-lanes.js'
import { causeOf, codeOf, type Given, holdersOf } from './waiting.js'

/** As many as may be unfinished before more are submitted. */
const MOST_UNFINISHED = 400
/** How deep below a task tasks may submit others. */
const DEPTH = 3
/** Of any lane. */
const MOST_THREADS = 3
/** What has not ended by then hangs. */
const PATIENCE_MS = 90_000

/** One scheduler from its start to its end, with all that is submitted to it and what becomes of it. */
export class Episode {
  readonly #random: Random
  readonly #board: BoardMemory = newBoard()
  readonly #entries: Entry[] = []
  readonly #losses: Loss[] = []
  readonly #stalls: string[] = []
  /** The last ones, so that others may wait for them. */
  #known: Given[] = []
  #settledAt = Number.POSITIVE_INFINITY
  readonly #endings: { from: number; to: number }[] = []
  readonly #unexpected: string[] = []
  readonly #scheduler: TortureScheduler
  #unfinished = 0
  #told: Told = { entries: [], waits: [] }
  #startFailed = false
  /** A lane that was given up is open again after a start. */
  #firstSinceStart = 0

  constructor(random: Random) {
    this.#random = random
    forgetSender()
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

  /** Those that tasks have submitted, when it is over, and how tasks have waited. */
  get told(): Told {
    return this.#told
  }

  /** All that is known of it, as text. */
  get written(): string {
    const { runs, entries, ...account } = this.account
    const told = entries.map(entry => ({ ...entry, runs: runs(entry.task) }))
    return JSON.stringify({ ...account, entries: told, notes: notesOf(this.#board.journal) })
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
      await this.#ending(() => this.#scheduler.stop())
      this.#firstSinceStart = this.#entries.length
      // Those from before are of another generation.
      this.#known = []
      forgetSender()
      starting = this.#startAgain()
      starting.catch(() => {})
      if (random.chance(0.7)) await starting
    }
    // Often enough it is closed in the middle of all that, and sometimes while it starts.
    if (random.chance(0.9)) await this.#load(duration / 2)
    if (random.chance(0.5)) {
      if (await starting) await this.#settleDown()
    }
    const timeout = random.pick([0, 20, 500, 5_000])
    await this.#ending(() => this.#scheduler.close({ timeout }))
    await this.#allEnded('after the scheduler was closed')
    const overlaps = overlapsOf(this.#board)
    if (overlaps > 0) this.#unexpected.push(`${overlaps} times a task went on while another of its key ran`)
    this.#told = readJournal(notesOf(this.#board.journal))
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
      entries: [...this.#entries, ...this.#told.entries],
      waits: this.#told.waits,
      settledAt: this.#settledAt,
      deeds: deedsOf(board),
      losses: this.#losses,
      runs: task => runsOf(board, task),
      endings: this.#endings,
      leaving: new Set(['elastic', 'relay', 'relief']),
      untold: new Set(['elastic', 'fragile', 'relief']),
      fragile: new Map([['fragile', FRAGILE_MAX]]),
      misjudged: new Set(['shedding', 'strict']),
      dropping: new Set(['shedding']),
      bounded: new Set(['calm', 'shedding']),
      roomy: new Set(['elastic']),
      startFailed: this.#startFailed,
    }
  }

  /** Submits at random, for so many milliseconds. */
  async #load(duration: number): Promise<void> {
    const random = this.#random
    for (const until = performance.now() + duration; performance.now() < until; ) {
      const controller = new AbortController()
      for (let i = random.below(60); i > 0; i--) this.#submit(controller.signal)
      if (random.chance(0.1)) this.#submitCycle()
      if (random.chance(0.3)) setTimeout(() => controller.abort(), random.below(40))
      if (random.chance(0.02)) spend(random.below(600))
      await sleep(random.below(20))
      if (this.#unfinished > MOST_UNFINISHED) await this.#allEnded('under load', MOST_UNFINISHED / 4)
    }
  }

  #submit(signal: AbortSignal): void {
    const random = this.#random
    const lane = random.pick(LANE_NAMES)
    this.#send(
      planTask(random, this.#board, this.#entries.length, lane, signal, {
        depth: DEPTH,
        known: this.#known,
      }),
    )
  }

  /** Two tasks that wait for each other, if all goes well. */
  #submitCycle(): void {
    const random = this.#random
    const [first, second] = [random.pick(LANE_NAMES), random.pick(LANE_NAMES)]
    const plan = (lane: TortureLane, name: TortureName, args: readonly unknown[]): Plan => ({
      lane,
      name,
      args: [this.#board, this.#entries.length, ...args],
      options: {},
      after: [],
    })
    const waiting = this.#send(plan(first, 'awaitPosted', [200]))
    if (waiting === undefined) return
    const other = this.#send(plan(second, 'awaitGiven', [random.below(1e9), [waiting]]))
    if (other !== undefined) this.#send(plan(first, 'post', [waiting.task, other.task, other.handle]))
  }

  /** @returns undefined if it was refused */
  #send(plan: Plan): Given | undefined {
    const random = this.#random
    const task = this.#entries.length
    const { lane, name, args, options } = plan
    const entry: Entry = {
      task,
      lane,
      name,
      ...termsOf(plan),
      callbacks: [],
      refusal: undefined,
      cancels: 0,
      isCancelling: false,
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
      return undefined
    }
    this.#unfinished++
    const given = { task, handle }
    if (random.chance(0.3)) this.#known = [...this.#known.slice(-20), given]
    this.#follow(entry, handle, plan)
    return given
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
    const ended = (
      code: string | undefined,
      value: unknown,
      holders: readonly string[] = [],
      cause?: string,
    ): void => {
      this.#unfinished--
      entry.ends++
      const { state, timestamps } = handle
      entry.end = {
        state,
        code,
        value,
        at: sharedNow(),
        started: timestamps.start !== undefined,
        holders,
        cause,
      }
    }
    handle.result().then(
      value => ended(undefined, value),
      error => {
        ended(codeOf(error), undefined, holdersOf(error), causeOf(error))
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

  async #ending(end: () => Promise<void>): Promise<void> {
    const ending = { from: sharedNow(), to: Number.POSITIVE_INFINITY }
    this.#endings.push(ending)
    const ended = end()
    const { signal } = new AbortController()
    for (let i = this.#random.below(5); i > 0; i--) {
      this.#submit(signal)
      await sleep(1)
    }
    await ended
    await this.#allEnded('after it was ended')
    ending.to = sharedNow()
  }

  /** Waits until nothing is left to do, and looks at what there is then. */
  async #settleDown(): Promise<void> {
    await this.#allEnded('without more load')
    await this.#nestedEnded()
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
      this.#told = readJournal(notesOf(this.#board.journal))
      const { deeds } = this.account
      for (const name of PEACEFUL)
        if (
          lanes[name]!.restarts > 0 &&
          !deeds.some(deed => reaches(deed, name, this.account)) &&
          !isHeldByWait(name, this.account)
        )
          this.#unexpected.push(`lane ${name} has lost a thread`)
      break
    }
  }

  /** Waits until all has ended that threads which live are yet to be told of. */
  async #nestedEnded(): Promise<void> {
    for (const until = performance.now() + PATIENCE_MS; ; await sleep(20)) {
      const open = openOf(readJournal(notesOf(this.#board.journal))).filter(
        ({ thread }) => thread !== 0 && existsSync(`/proc/self/task/${thread}`),
      )
      if (open.length === 0) break
      if (performance.now() > until) {
        const list = open.map(({ what, thread }) => `${what} on thread ${thread}`).join('\n')
        throw new Error(`${open.length} of what tasks wait for has not ended:\n${list}`)
      }
    }
    this.#settledAt = sharedNow()
    await nothingLeftOver(() => this.#collect())
  }

  /** On every thread, most likely: which of them takes a task is for the scheduler to say. */
  async #collect(): Promise<void> {
    const calls = LANE_NAMES.flatMap(lane =>
      Array.from({ length: MOST_THREADS }, () => this.#scheduler.lanes[lane].run('collect').catch(() => {})),
    )
    await Promise.all(calls)
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

/** Keeps this thread from all else. */
function spend(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

function leastThreads(name: keyof typeof TORTURE_LANES): number {
  const { threads = 1 } = TORTURE_LANES[name] as { readonly threads?: number | { readonly min: number } }
  return typeof threads === 'number' ? threads : threads.min
}
