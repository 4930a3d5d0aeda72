import type { MessagePort, Worker } from 'node:worker_threads'
import { decodeError } from '../bridge/error-codec.js'
import type { Port } from '../bridge/port.js'
import type { LaneToSupervisor } from '../bridge/protocol/lane-to-supervisor.js'
import type { SupervisorToLane } from '../bridge/protocol/supervisor-to-lane.js'
import { isTyped } from '../bridge/protocol/typed-message.js'
import { PROTOCOL_VERSION } from '../bridge/protocol/version.js'
import { QueuePlaces } from '../bridge/queue-places.js'
import { ThreadBlock } from '../bridge/thread-block.js'
import { LaneError, messageOf } from '../core/errors.js'
import type { Timers } from '../core/reminders.js'
import { requestIdlePolicy } from './idle-policy.js'
import type { LaneSetup } from './lane-config.js'
import type { OsPriority } from './os-priority.js'
import { isRefusal } from './refused-worker.js'
import type { Surroundings, ThreadSource } from './surroundings.js'
import type { TaskDurations } from './task-timings.js'

/** Where a thread comes from, and where those are who keep it. */
export interface ThreadOrigin {
  readonly pool: ThreadSource
  readonly surroundings: Surroundings
}

/** What a lane thread tells the lane it belongs to. */
export interface LaneThreadObserver {
  ready(thread: LaneThread): void
  /** It is lost, or never became ready. Called once, unless it was told to leave. */
  lost(thread: LaneThread, error: Error): void
  /** Nothing of it runs any more. */
  exited(thread: LaneThread): void
  message(thread: LaneThread, message: LaneToSupervisor): void
}

/** So often it is looked whether a thread whose port has closed has shown that it lives, in milliseconds. */
const LAST_WORDS_MS = 40
/**
 * How long it has to die of what closed the port, if it shows nothing: it dies of its heap, most likely. That is seen only
 * when nothing of it runs any more, for which a thread of low priority on a busy machine takes its time: more than a
 * second has been seen.
 */
const DEATH_MS = 5_000
/** If a lost thread has not exited by then, its loss is told all the same: native code may hold it for long. */
const EXIT_WAIT_MS = 50
/** So often it is ended again while it has not exited, at intervals that double. */
const MORE_ENDS = 4

/**
 * A thread that is not needed any more has this long for its tasks' clean-up and its teardown: from when all has ended
 * that its tasks have submitted, which would die with it, or from up to that long later.
 */
const LEAVE_WITHIN_MS = 5_000

/**
 * One thread of a lane, from the lease on.
 *
 * | mode       | meaning                                       | left by                                          |
 * |------------|-----------------------------------------------|--------------------------------------------------|
 * | `starting` | leased; loads the task module, runs its setup | ready report → `ready`; failure, `startTimeout`, |
 * |            |                                               | death → `lost`; `leave()` → `leaving`            |
 * | `ready`    | runs tasks                                    | `terminate()`, death → `lost`; `retire()`;       |
 * |            |                                               | `leave()` → `leaving`                            |
 * | `retiring` | not needed, or stalled and replaced: senders  | as `ready`; `stay()` → `ready`                   |
 * |            | send it nothing more, and get the answers to  |                                                  |
 * |            | what they have sent                           |                                                  |
 * | `leaving`  | told to go: runs its teardown                 | its word that it has, or death → `gone`          |
 * | `lost`     | dead, or about to be                          | the worker's exit → `gone`                       |
 * | `gone`     | nothing of it runs                            |                                                  |
 */
export class LaneThread {
  /** Its number, unlike that of any other thread the scheduler ever had. */
  readonly number: number
  readonly block = new ThreadBlock()
  /** Where it counts its own places in the queues of all lanes. */
  readonly places: SharedArrayBuffer
  names: readonly string[] = []
  /** What it records in. */
  readonly durations: TaskDurations
  /** What it runs in, once that is known. */
  worker: Worker | null = null
  /** What the operating system really does. */
  os: OsPriority = 'normal'
  /** How many signs of life it has been asked for, each abort being one. */
  signsAsked = 0
  /** Whether it has ever been ready. */
  wasReady = false
  /** Whether the operating system gave none. */
  wasRefused = false
  /** The task on account of which it was ended, if it was. */
  blamed: { readonly sender: number; readonly id: number } | null = null
  readonly #config: LaneSetup
  readonly #pool: ThreadSource
  readonly #observer: LaneThreadObserver
  readonly #timers: Timers
  readonly #control: Port
  readonly #end = new AbortController()
  readonly #exited: Promise<void>
  #markExited: () => void = () => {}
  #hasExited = false
  #mode: 'starting' | 'ready' | 'retiring' | 'leaving' | 'lost' | 'gone' = 'starting'
  /** Why it was ended, if it was us. */
  #verdict: Error | null = null
  #booted = false
  /** Whether it is ended as soon as it has left, rather than with all the others of its pool. */
  #leavesAlone = false
  #isCutOff = false
  #over = false
  #exitCode: number | undefined
  #outputPassed = (): void => {}
  /** Stops the timer of the present mode. */
  #stopTimer: () => void

  constructor(
    number: number,
    config: LaneSetup,
    { pool, surroundings }: ThreadOrigin,
    epochOffset: number,
    durations: TaskDurations,
    observer: LaneThreadObserver,
  ) {
    this.number = number
    this.durations = durations
    this.places = QueuePlaces.ownMemory(config.lanes)
    this.#config = config
    this.#pool = pool
    this.#observer = observer
    this.#timers = surroundings.timers
    const { port1, port2 } = surroundings.channel()
    this.#control = surroundings.open(port1)
    this.#exited = new Promise(resolve => {
      this.#markExited = () => {
        this.#hasExited = true
        resolve()
      }
    })
    this.#control.listen(
      message => this.#hear(message),
      () => {},
    )
    this.#stopTimer = this.#timers.after(config.startTimeout, () => {
      const message = `a thread of lane '${config.name}' was not ready within ${config.startTimeout} ms`
      this.terminate(new LaneError('ERR_LANE_START_TIMEOUT', config.name, message))
    })
    const { name, index, tasks, concurrency, queue, mostOwed, grace, spin, os, slowCallback } = config
    const terms = {
      version: PROTOCOL_VERSION,
      thread: number,
      control: port2,
      block: this.block.buffer,
      places: this.places,
      config: { name, index, tasks, concurrency, queue, mostOwed, grace, spin, os, slowCallback },
      epochOffset,
      durations,
    }
    pool.lease(terms, this.#end.signal).catch((error: unknown) => this.#ended(error))
  }

  get isStarting(): boolean {
    return this.#mode === 'starting'
  }

  get isReady(): boolean {
    return this.#mode === 'ready'
  }

  /** Whether senders may be connected with it: not with one that is about to be ended, since it has lost a port. */
  get takesSenders(): boolean {
    return this.isReady && !this.#isCutOff
  }

  /** Whether it is to go, and has not been told so. */
  get isRetiring(): boolean {
    return this.#mode === 'retiring'
  }

  /** Whether it may start tasks: one that is to go may still have been sent some. */
  get mayStart(): boolean {
    return this.isReady || this.isRetiring
  }

  get isGone(): boolean {
    return this.#mode === 'gone' || this.#mode === 'lost'
  }

  tell(message: SupervisorToLane, transfer?: readonly MessagePort[]): void {
    this.#control.post(message, transfer)
  }

  /** Milliseconds that its loop has slept so far. */
  get slept(): number | undefined {
    return this.worker?.performance.eventLoopUtilization().idle
  }

  askForSign(): number {
    this.tell({ type: 'turn' })
    return ++this.signsAsked
  }

  /**
   * Has it hand over what it has written. Resolves when it has, or has exited; at once if there is nothing, or if a task
   * holds its loop.
   */
  async passOutput(): Promise<void> {
    const { isWriting, holder } = this.block
    if (!this.wasReady || this.isGone || !isWriting || holder !== 0) return
    const passed = new Promise<void>(resolve => {
      this.#outputPassed = resolve
    })
    this.tell({ type: 'pass-output' })
    await Promise.race([passed, this.#exited])
  }

  /** It is not needed any more, or stalled: to be followed by `leave` when no sender has a task on it. */
  retire(): void {
    if (this.#mode === 'ready') this.#enter('retiring')
  }

  /** It is needed after all. */
  stay(): void {
    if (this.#mode === 'retiring') this.#enter('ready')
  }

  /** Asks the thread to run its teardown and go. */
  leave(): void {
    const before = this.#mode
    if (before !== 'starting' && before !== 'ready' && before !== 'retiring') return
    this.#enter('leaving')
    if (before === 'starting') {
      this.#end.abort()
      return
    }
    this.tell({ type: 'leave' })
    if (before === 'ready') return
    this.#leavesAlone = true
    this.#boundLeaving()
  }

  #boundLeaving(): void {
    this.#stopTimer = this.#timers.after(LEAVE_WITHIN_MS, () => {
      if (this.block.isSending) this.#boundLeaving()
      else this.#end.abort()
    })
  }

  /**
   * Ends the thread, whatever it is doing.
   *
   * @param why what those are told whose tasks were on it
   * @param blamed the task that gave cause to it, and is not to be run again
   */
  terminate(why: Error, blamed: { readonly sender: number; readonly id: number } | null = null): void {
    if (this.#mode === 'lost' || this.#mode === 'gone') return
    this.blamed ??= blamed
    this.#verdict ??= why
    this.#end.abort()
  }

  /**
   * A port of the thread has closed. Mostly that is the first that is seen of its death, which tells its own cause; a
   * thread that is alive is ended.
   */
  linkLost(): void {
    this.#isCutOff = true
    const { name } = this.#config
    const why = new LaneError('ERR_LANE_CLOSED', name, `the port to a thread of lane '${name}' closed`)
    const sign = this.askForSign()
    const end = this.#timers.after(DEATH_MS, () => this.terminate(why))
    const look = (): void => {
      if (this.#mode === 'lost' || this.#mode === 'gone') end()
      else if (this.block.signs < sign) this.#timers.after(LAST_WORDS_MS, look)
      else {
        end()
        this.terminate(why)
      }
    }
    this.#timers.after(LAST_WORDS_MS, look)
  }

  #enter(mode: 'ready' | 'retiring' | 'leaving' | 'lost' | 'gone'): void {
    this.#stopTimer()
    this.#mode = mode
  }

  #hear(message: unknown): void {
    if (isTyped(message)) this.#receive(message as unknown as LaneToSupervisor)
    else this.block.addStray()
  }

  #receive(message: LaneToSupervisor): void {
    switch (message.type) {
      case 'booted': {
        this.#booted = true
        this.worker = this.#pool.worker(message.threadId) ?? null
        // Its first word may be read when it has gone already.
        if (this.worker === null) this.#markExited()
        this.worker?.once('exit', code => {
          this.#exitCode ??= code
          this.#markExited()
        })
        break
      }
      case 'lower':
        void requestIdlePolicy(message.thread).then(() => this.tell({ type: 'lowered' }))
        break
      case 'ready':
        // One that has been told to end meanwhile has its end before it, and gets nothing more.
        if (this.#mode !== 'starting' || this.#verdict !== null) break
        this.names = message.names
        this.os = message.os
        this.#enter('ready')
        this.wasReady = true
        this.#observer.ready(this)
        break
      case 'load-failed':
        // Its module registry remembers the failure, so the thread is of no more use.
        this.terminate(decodeError(message.error))
        break
      case 'exiting':
        this.#exitCode = message.code
        // That stands if it is ended on its way out.
        this.#verdict ??= this.#causeOf(undefined)
        break
      case 'output-passed':
        this.#outputPassed()
        break
      case 'left':
        if (this.#mode !== 'leaving') break
        if (this.#leavesAlone) this.#end.abort()
        else this.#ended(undefined)
        break
      default:
        this.#observer.message(this, message)
    }
  }

  /** @param error why the lease is over; undefined if the thread has left and only waits to be ended with its pool */
  async #ended(error: unknown): Promise<void> {
    if (this.#over) return
    this.#over = true
    const died = error !== undefined
    if (!this.#booted) this.#markExited()
    this.wasRefused = isRefusal(error)
    if (died) await this.#exitWithin(EXIT_WAIT_MS)
    const wasLeaving = this.#mode === 'leaving'
    this.#enter('lost')
    if (!wasLeaving) this.#observer.lost(this, this.#causeOf(error))
    if (died) await this.#exitForCertain()
    // What it had still to say may be seen later than its exit.
    for (let next = this.#control.take(); next !== undefined; next = this.#control.take())
      this.#hear(next.message)
    this.#control.close()
    this.#enter('gone')
    this.#observer.exited(this)
  }

  /**
   * A thread can outlive its end: what ends it while the inspector evaluates something there, as a look at its stack
   * does, ends the evaluation alone.
   */
  async #exitForCertain(): Promise<void> {
    for (let end = 0; end < MORE_ENDS && !this.#hasExited; end++) {
      this.worker?.terminate().catch(() => {})
      await this.#exitWithin(2 * EXIT_WAIT_MS * 2 ** end)
    }
    await this.#exited
  }

  /** @param bound milliseconds */
  async #exitWithin(bound: number): Promise<void> {
    let stop: () => void = () => {}
    const patience = new Promise<void>(resolve => {
      stop = this.#timers.after(bound, resolve)
    })
    await Promise.race([this.#exited, patience])
    stop()
  }

  #causeOf(error: unknown): Error {
    const { name } = this.#config
    const { code, name: kind } = (error ?? {}) as { code?: unknown; name?: unknown }
    // If it died by itself before it was ended, it is that which befell its tasks.
    if (this.#verdict !== null && kind === 'AbortError') return this.#verdict
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
      return new LaneError('ERR_LANE_OOM', name, `a thread of lane '${name}' ran out of heap memory`)
    }
    const exitCode = this.#exitCode
    const message = `a thread of lane '${name}' ${this.#booted ? howEnded(exitCode) : whyNotBegun(error)}`
    return new LaneError('ERR_LANE_EXITED', name, message, { exitCode, cause: error })
  }
}

function howEnded(exitCode: number | undefined): string {
  return exitCode === undefined ? 'ended' : `exited with code ${exitCode}`
}

function whyNotBegun(error: unknown): string {
  const why = messageOf(error)
  return `could not start: ${isRefusal(error) ? `the operating system gave none (${why})` : why}`
}
