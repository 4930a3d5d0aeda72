import type { Job } from '#src/bridge/job.js'
import { FLOAT, INT } from '#src/bridge/shared-table.js'
import { AGED_EVERY, AGING_MS } from '#src/core/ready-queue.js'
import { STARTED, TASK_STATES } from '#src/core/task-state.js'
import { mostStalled } from '#src/lanes/lane-config.js'
import { checkAnswered, noteAnswersUnread, noteLostAnswers, noteUnread } from './answer-checks.js'
import { checkOthersDone } from './dependency-checks.js'
import { checkCredits, checkQueues, isAgedAndReady } from './load-checks.js'
import { MeshSights } from './mesh-sights.js'
import { Orphans } from './orphans.js'
import type { Races } from './races.js'
import { checkRerun } from './rerun-check.js'
import { checkSight } from './sight-checks.js'
import { Sights } from './sights.js'
import { Died } from './sim-actor.js'
import type { SimPort } from './sim-port.js'
import type { SchedulerWatcher, SimScheduler } from './sim-scheduler.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'
import { checkBeginning } from './time-checks.js'
import { type Detector, Violation } from './violation.js'

/** Steps from one look at what waits on all lanes to the next. */
const QUEUES_EVERY = 4

interface Where {
  readonly entry?: Entry | undefined
  readonly thread?: SimThread | undefined
}

export function describe({ task, kind, sender }: Entry): string {
  const of = sender.number === 0 ? '' : ` of ${sender.actor.name}`
  return `task ${task.sequence}${of} ('${kind}', ${TASK_STATES[task.state]})`
}

/** Watches a run of the simulation for what must never be. */
export class Detectors implements SchedulerWatcher {
  readonly #seed: number
  readonly #world: SimWorld
  readonly #races: Races
  #watched: SimScheduler | null = null
  readonly #sights: Sights
  readonly #meshSights: MeshSights
  readonly orphans: Orphans
  /** Those of the present start, by their numbers. */
  readonly #senders = new Map<number, SimSender>()
  /** Those among them that are on lane threads. */
  #onThreads: SimSender[] = []
  /** Of each thread, the tasks whose code runs there, or waits. */
  readonly #running = new Map<SimThread, Set<Entry>>()
  readonly #threadOf = new Map<SimPort, SimThread>()
  readonly #keys = new Map<string, Entry>()
  #mostLoaded = 2

  constructor(seed: number, world: SimWorld, races: Races) {
    this.#seed = seed
    this.#world = world
    this.#races = races
    this.#sights = new Sights(races)
    this.#meshSights = new MeshSights(races)
    this.orphans = new Orphans(races, this)
  }

  get #scheduler(): SimScheduler {
    return this.#watched!
  }

  /** What a thread was doing that died. */
  sawDeath(thread: SimThread, at: string): void {
    this.#sights.sawDeath(thread, at)
  }

  /** A task of the present start. */
  entryOf(sender: number, sequence: number): Entry | undefined {
    return this.#senders.get(sender)?.bySequence.get(sequence)
  }

  /** The tasks whose code runs on a thread, or waits. */
  runningOn(thread: SimThread): ReadonlySet<Entry> {
    return this.#running.get(thread) ?? NONE
  }

  /** @param scheduler what is watched */
  watch(scheduler: SimScheduler): void {
    this.#watched = scheduler
    this.#senders.clear()
    this.#onThreads = []
    this.orphans.clear()
    for (const sender of scheduler.senders) this.#watchSender(sender)
  }

  #watchSender(sender: SimSender): void {
    this.#senders.set(sender.number, sender)
    this.#watchSlots(sender)
    this.#sights.watchNotices(sender, this.#scheduler)
  }

  sends(thread: SimThread, sender: SimSender): void {
    this.#watchSender(sender)
    this.#onThreads.push(sender)
    this.#meshSights.sends(thread, sender, this.#scheduler)
  }

  waits(thread: SimThread, job: Job): void {
    this.#meshSights.waits(thread, job, this.#scheduler)
  }

  refused(thread: SimThread, job: Job, error: Error): void {
    const entry = this.entryOf(job.source.sender, job.source.table.float(job.id, FLOAT.SEQUENCE))
    this.fail('waits', `it is told ${error.message}`, { entry, thread })
  }

  left(thread: SimThread): void {
    if (thread.sender !== null) thread.sender.hasLeft = true
    for (const entry of thread.sender?.open ?? [])
      this.fail('close', 'its thread left before it had ended', { entry, thread })
  }

  forgets(number: number): void {
    this.orphans.forgets(this.#senders.get(number))
  }

  /** Threads that were to retire, and have not begun to leave. */
  get retiring(): SimThread[] {
    return this.#sights.retiring
  }

  /** The supervisor has looked whether a thread is idle. */
  looked(number: number, busy: boolean): void {
    const sender = this.#senders.get(number)
    if (sender === undefined || sender.actor.dead) return
    for (const entry of sender.open) {
      // One that has ended is open until that has been told.
      if (!entry.isHanded || entry.task.dead) continue
      if (!busy) this.fail('idle', 'the thread that submitted it is taken to be idle', { entry })
      this.#meshSights.lookedAtBusy(this.#scheduler, number)
      return
    }
  }

  startedAgain(): void {
    this.#races.hit('started again')
    this.watch(this.#scheduler)
  }

  /** @throws Violation always; the world keeps the first, as the code under test may catch it */
  fail(detector: Detector, message: string, { entry, thread }: Where = {}): never {
    const who = [entry && describe(entry), thread && `thread ${thread.id}`].filter(Boolean).join(', ')
    const violation = new Violation(
      detector,
      `seed ${this.#seed}, step ${this.#world.steps}, detector '${detector}': ${message}${who && ` (${who})`}`,
    )
    this.#world.violation ??= violation
    throw violation
  }

  /** How many tasks may run at a time on a thread. */
  concurrencyOf({ lane }: SimThread): number {
    return this.#scheduler.configOf(lane).concurrency
  }

  isRunning(entry: Entry, thread: SimThread): boolean {
    return this.#running.get(thread)?.has(entry) === true
  }

  /** Whose end is the other one of a sender's port, if that has come to it. */
  threadAt(port: SimPort): SimThread | undefined {
    return this.#threadOf.get(port)
  }

  opened(sender: SimSender, port: SimPort): void {
    port.tap = {
      posted: (_, message) => {
        if (Array.isArray(message)) this.#sent(sender, port, message)
      },
      taken: (_, message) => {
        if (Array.isArray(message)) this.#sights.taken(port)
      },
      unread: (_, batch) => {
        this.#races.hit('answers that could not be read')
        noteAnswersUnread(sender, batch)
      },
    }
  }

  connected(thread: SimThread, sender: number, port: SimPort): void {
    const to = this.#senders.get(sender)
    this.#threadOf.set(port.peer, thread)
    port.tap = {
      posted: (_, message) => {
        // What a dead sender is answered nobody hears.
        if (!Array.isArray(message) || to === undefined || to.actor.dead) return
        if (to.actor.parked) this.#races.hit('answered while the owner was blocked')
        checkAnswered(to, port, message, thread, this)
      },
      lost: (_, message) => {
        if (Array.isArray(message) && to !== undefined) noteLostAnswers(to, message)
      },
      taken: (_, __, polled) => {
        if (polled) this.#sights.polled(thread)
      },
      unread: (_, batch) => {
        this.#races.hit('tasks that could not be read')
        if (to !== undefined) noteUnread(to, batch)
      },
    }
    this.#sights.connected(thread, port)
  }

  abandoned(): void {
    this.#races.hit('abandoned')
  }

  leased(lane: string, held: number): void {
    // The scheduler makes its first threads before it can be watched.
    if (this.#watched === null) return
    const config = this.#watched.configOf(lane)
    if (held > config.threads.min) this.#races.hit('thread grown')
    const most = config.threads.max + mostStalled(config)
    if (held > most) this.fail('threads', `${held} threads are leased, and ${most} may be`)
  }

  died(thread: SimThread): void {
    this.#meshSights.died(thread, this)
    for (const entry of this.#running.get(thread) ?? []) this.#endTurn(entry)
    this.#running.delete(thread)
    // What its death held up was not passed over.
    for (const { open } of this.#senders.values()) for (const entry of open) entry.overtaken = 0
  }

  began(thread: SimThread, number: number, sequence: number, started: number): void {
    const entry = this.entryOf(number, sequence)
    if (entry === undefined) this.fail('state', `a task ${sequence} began that nobody submitted`, { thread })
    const at = { entry, thread }
    this.orphans.began(entry, thread)
    if (thread.phase === 'left') this.fail('close', 'it begins after the teardown of its thread', at)
    const running = this.#running.get(thread) ?? new Set()
    this.#running.set(thread, running.add(entry))
    const concurrency = this.concurrencyOf(thread)
    const inPlace = running.size - thread.waiting
    if (inPlace > concurrency) this.fail('concurrency', `${inPlace} tasks at a time`, at)
    const state = entry.lane.stateOf(entry.task)
    if (state < STARTED) this.fail('state', `it begins, and is ${TASK_STATES[state]}`, at)
    this.#noteAging(entry)
    checkBeginning(entry, thread, started, this)
    checkOthersDone(entry, thread, started, this)
    checkRerun(entry, thread, this, this.#races)
    entry.begun.push(thread)
    if (this.#threads(running).size > 1) this.#races.hit('two senders on one thread')
    this.#meshSights.began(entry, thread, concurrency)
    if (entry.key === null) return
    const key = keyOf(entry)
    const other = this.#keys.get(key)
    if (other !== undefined && other !== entry)
      this.fail('key-turns', `it began while ${describe(other)} of its key runs`, at)
    this.#keys.set(key, entry)
    for (const lost of entry.begun)
      if (lost !== thread && this.#running.get(lost)?.has(entry) === true)
        this.fail('key-turns', `it begins anew, and may still run on thread ${lost.id}`, at)
  }

  /** A thread has claimed a task, and will run it if it lives. */
  claimed(sender: number, sequence: number): void {
    const entry = this.entryOf(sender, sequence)
    if (entry !== undefined) entry.claims++
  }

  ended(thread: SimThread, sender: number, sequence: number): void {
    const entry = this.entryOf(sender, sequence)
    if (entry === undefined || this.#running.get(thread)?.delete(entry) !== true) return
    entry.endedAt = this.#world.now()
    this.#endTurn(entry)
  }

  /** Told by a task's own callbacks. */
  settled(entry: Entry): void {
    // It died on its way here, and knows nothing of it any more.
    if (entry.sender.actor.dead) throw new Died()
    if (entry.settled++ > 0) this.fail('settled-once', 'it settled more than once', { entry })
    if (!entry.task.dead) this.fail('settled-once', 'it settled, and has not ended', { entry })
    entry.sender.open.delete(entry)
  }

  started(entry: Entry): void {
    if (entry.claims === 0) this.fail('state', 'its start is told, and no thread has claimed it', { entry })
    if (entry.log.length > 0) this.fail('callback-order', `its start came after ${entry.log}`, { entry })
    entry.log.push('start')
  }

  finished(entry: Entry): void {
    if (entry.log.includes('final')) this.fail('callback-order', 'it was told twice that it ended', { entry })
    entry.log.push('final')
  }

  /** What must hold whenever nobody is in the middle of something. */
  afterStep(): void {
    if (this.#world.violation !== null) throw this.#world.violation
    this.orphans.afterStep(this.#scheduler)
    for (const sender of this.#scheduler.senders) this.#checkSender(sender)
    const one = this.#onThreads[this.#world.steps % Math.max(1, this.#onThreads.length)]
    if (one?.actor.dead === false) this.#checkSender(one)
    if (!this.#world.isBusy && this.#world.steps % QUEUES_EVERY === 0) this.#checkQueues()
  }

  /** Whoever died left it as it was, until the supervisor sees to it. */
  #checkQueues(): void {
    if (this.#onThreads.some(({ actor, isForgotten }) => actor.dead && !isForgotten)) return
    const living = this.#onThreads.filter(({ actor, isForgotten }) => !actor.dead && !isForgotten)
    checkQueues([...this.#scheduler.senders, ...living], this.#scheduler.threads, this)
  }

  #checkSender(sender: SimSender): void {
    if (sender.sender.unfinished !== sender.open.size) {
      const [lost] = [...sender.open].filter(({ task }) => task.dead)
      const counted = `${sender.sender.unfinished} unfinished tasks are counted, and there are ${sender.open.size}`
      this.fail('settled-once', counted, { entry: lost })
    }
    this.#lookAtOne(sender)
    this.#mostLoaded = Math.max(this.#mostLoaded, checkCredits(sender, this))
  }

  /** One at each step, since there are many. */
  #lookAtOne({ entries }: SimSender): void {
    const entry = entries[this.#world.steps % Math.max(1, entries.length)]
    if (entry !== undefined) checkSight(entry, this.#world.now(), this)
  }

  #threads(running: ReadonlySet<Entry>): Set<SimSender> {
    return new Set([...running].map(({ sender }) => sender))
  }

  #endTurn(entry: Entry): void {
    if (entry.key === null) return
    const key = keyOf(entry)
    if (this.#keys.get(key) === entry) this.#keys.delete(key)
  }

  /** Each task that starts while another has aged overtakes it, unless that one's turn has come or is not to come. */
  #noteAging(started: Entry): void {
    const now = this.#world.now()
    const { task, sender } = started
    if (task.deadline === Number.POSITIVE_INFINITY && now - task.since >= AGING_MS)
      this.#races.hit('aged task started')
    const waiting: Entry[] = []
    for (const entry of sender.open) {
      if (entry === started || !isAgedAndReady(entry, now)) continue
      if (entry.lane !== started.lane) continue
      if (entry.lane.stateOf(entry.task) >= STARTED || entry.begun.length > 0) continue
      waiting.push(entry)
    }
    if (waiting.length === 0) return
    const { threads, concurrency } = this.#scheduler.configOf(task.target.lane)
    const shares = this.#senders.size * threads.max
    for (const entry of waiting) {
      if (entry.sender.actor.parked || entry.key !== null) continue
      entry.overtaken++
      const ahead = this.#mostLoaded + concurrency
      const bound = shares * (2 * AGED_EVERY * (waiting.length + 1) + ahead)
      // Those that were before it may have started since.
      entry.mayOvertake = Math.max(entry.mayOvertake, bound)
      if (entry.overtaken > entry.mayOvertake)
        this.fail('starvation', `${entry.overtaken} started before it, and ${entry.mayOvertake} may`, {
          entry,
        })
    }
  }

  #watchSlots(sender: SimSender): void {
    const { table } = sender.sender.sent
    const free = table.free.bind(table)
    table.free = id => {
      const port = sender.out.get(id)
      const entry = sender.bySequence.get(table.float(id, FLOAT.SEQUENCE))
      if (port !== undefined) {
        const thread = this.#threadOf.get(port)
        // One that has left waits to be ended, and has nothing more to answer.
        if (thread !== undefined && !thread.isGone && thread.phase !== 'left')
          this.fail('slots', `slot ${id} is given back, and its thread has not answered`, { entry, thread })
        sender.out.delete(id)
      }
      free(id)
    }
  }

  #sent(sender: SimSender, port: SimPort, batch: readonly unknown[]): void {
    const { table } = sender.sender.sent
    sender.lending.length = 0
    for (let at = 0; at < batch.length; at += 1 + table.int(batch[at] as number, INT.ARGUMENTS))
      sender.out.set(batch[at] as number, port)
  }
}

const NONE: ReadonlySet<Entry> = new Set()

/** Each sender's turns on each lane are its own. */
function keyOf({ task, key }: Entry): string {
  return `${task.target.lane} ${key}`
}
