import { encodeError } from '#src/bridge/error-codec.js'
import { ExpiryAnnouncer } from '#src/bridge/expiry-announcer.js'
import type { Job } from '#src/bridge/job.js'
import type { LaneToSupervisor } from '#src/bridge/protocol/lane-to-supervisor.js'
import type { SupervisorToLane } from '#src/bridge/protocol/supervisor-to-lane.js'
import { PROTOCOL_VERSION } from '#src/bridge/protocol/version.js'
import { FLOAT } from '#src/bridge/shared-table.js'
import { ValueReads } from '#src/bridge/value-reads.js'
import { TaskLoadError } from '#src/core/errors.js'
import type { Task } from '#src/core/task.js'
import type { WaitKind } from '#src/core/wait-book.js'
import { type EndingSender, lastWorkDone } from '#src/lanes/last-work.js'
import type { Lease } from '#src/lanes/lease.js'
import type { TaskFunction } from '#src/lanes/loop-environment.js'
import { RunLoop } from '#src/lanes/run-loop.js'
import { MortalBlock } from './mortal-block.js'
import { NativeCode } from './native-code.js'
import { Actor } from './sim-actor.js'
import type { SimPort } from './sim-port.js'
import type { SimSender } from './sim-sender.js'
import { functionsOf, SIM_TASKS, type SimTask } from './sim-tasks.js'
import { SimThreadSender } from './sim-thread-sender.js'
import type { SimWorld } from './sim-world.js'
import type { ThreadSurroundings } from './thread-surroundings.js'
import type { ThreadWatcher } from './thread-watcher.js'

/** A look at the doorbell takes so long. */
const SPIN_STEP_MS = 0.005

/** What becomes of a thread's start. */
export type StartFate = 'starts' | 'fails to load' | 'never ends'

/** A lane thread without a thread: the real run loop on the world's clock, begun and ended as `lane-entry` does. */
export class SimThread {
  /** Its number, by which the supervisor knows it too: the how manieth it was to be leased. */
  readonly id: number
  /** The name of its lane. */
  readonly lane: string
  readonly actor: Actor
  readonly ports: SimPort[] = []
  /** Those of what its tasks submit with. */
  readonly sendingPorts: SimPort[] = []
  /** How it died: what the worker's `exit` and `error` events will say. */
  exitCode = 0
  outOfMemory = false
  /** Whether somebody wanted its death. */
  terminated = false
  readonly native: NativeCode
  readonly reads = new ValueReads()
  /** Whether a fault has closed one of its ports. */
  isCutOff = false
  hasExited = false
  phase: 'starting' | 'ready' | 'leaving' | 'left' = 'starting'
  loop: RunLoop | null = null
  /** Whether nothing is left to do before it leaves. */
  #isDone = false
  /** How many of its tasks have ever waited for others at a time. */
  mostWaiting = 0
  readonly #world: SimWorld
  readonly #surroundings: ThreadSurroundings
  readonly lease: Lease
  readonly #control: SimPort
  readonly #watcher: ThreadWatcher
  readonly #tasks: Readonly<Record<string, SimTask>>
  readonly #onAbort = new Map<Job, () => void>()
  /** For how many others those of its tasks wait that do. */
  readonly #waiting = new Map<Job, number>()
  /** Those that have been told to stop. */
  readonly #aborted = new Set<Job>()
  #sender: SimThreadSender | null = null
  #running: Job | null = null

  constructor(
    id: number,
    surroundings: ThreadSurroundings,
    lease: Lease,
    fate: StartFate,
    onDeath: (thread: SimThread) => void,
  ) {
    const { world, channels, watcher } = surroundings
    this.id = id
    this.lane = lease.config.name
    this.#world = world
    this.native = new NativeCode(world, this)
    this.#surroundings = surroundings
    this.lease = lease
    this.#watcher = watcher
    this.#tasks = { ...SIM_TASKS, ...surroundings.tasks }
    this.actor = new Actor(`thread ${id}`, () => {
      for (const port of this.ports) port.close()
      for (const port of this.sendingPorts) port.close()
      watcher.died(this)
      onDeath(this)
    })
    this.#control = channels.open(lease.control, this.actor)
    this.ports.push(this.#control)
    world.later(this.actor, () => this.#boot(fate))
  }

  /** Where it counts its own places in the queues of all lanes. */
  get places(): SharedArrayBuffer {
    return this.lease.places
  }

  /** How many of its tasks wait for others. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** How many of its tasks have a place. */
  get inPlace(): number {
    return this.loop === null ? 0 : [...this.loop.started].length - this.#waiting.size
  }

  /** Whether a task of a sender has been told to stop. */
  hasAborted(sender: number, sequence: number): boolean {
    for (const { source, id } of this.#aborted)
      if (source.sender === sender && source.table.float(id, FLOAT.SEQUENCE) === sequence) return true
    return false
  }

  /** What `currentTask().lanes` is to a task: made for the first that asks, and connected with a lane that is asked for. */
  reach(lane: string): SimSender {
    const own = this.#here()
    own.reach(lane)
    return own.sender
  }

  #here(): SimThreadSender {
    if (this.#sender !== null) return this.#sender
    const block = new MortalBlock(this.lease.block, this.#world, this.actor)
    const own = new SimThreadSender(this, this.#surroundings, block, (...told) => this.#control.post(...told))
    if (this.#isDone) own.leave()
    this.#sender = own
    this.#watcher.sends(this, own.sender)
    return own
  }

  /** What its tasks submit with, once one has. */
  get sender(): SimSender | null {
    return this.#sender?.sender ?? null
  }

  /**
   * A task awaits others: it needs no place meanwhile.
   *
   * @param refused called if it would wait for ever, which those that do not expect it are told as a fault
   * @returns to be called when it does not any more
   */
  beginWait(
    job: Job,
    awaited: () => Iterable<Task>,
    refused = (error: Error): void => this.#watcher.refused(this, job, error),
    kind: WaitKind = 'end',
  ): () => void {
    const end = job.beginWait(awaited, refused, kind)
    const count = this.#waiting.get(job) ?? 0
    if (count > 0 || this.#running === job || this.loop!.isPending(job)) {
      this.#waiting.set(job, count + 1)
      this.mostWaiting = Math.max(this.mostWaiting, this.#waiting.size)
    }
    this.#watcher.waits(this, job)
    return () => {
      end()
      const left = (this.#waiting.get(job) ?? 0) - 1
      if (left > 0) this.#waiting.set(job, left)
      else if (this.#waiting.delete(job)) this.#watcher.waits(this, job)
    }
  }

  /** Whether it is blocked by a synchronous wait of a task's. */
  isBlocked = false

  /** A task blocks it. */
  blocks<T>(job: Job | null, wait: () => T): T {
    const running = this.#running
    this.#running = job
    this.isBlocked = true
    try {
      return wait()
    } finally {
      this.#running = running
      this.isBlocked = false
    }
  }

  /** The task whose code runs, if any. */
  get running(): Job | undefined {
    return this.#running ?? undefined
  }

  isWaiting(job: Job): boolean {
    return this.#waiting.has(job)
  }

  /** Whether it looks at its doorbell before it sleeps. */
  get spins(): boolean {
    return this.lease.config.spin > 0
  }

  get isGone(): boolean {
    return this.actor.dead
  }

  /** What a task does that calls `process.exit()`. */
  exit(code: number): void {
    this.exitCode = code
    this.loop?.flushAll()
    this.#tell({ type: 'exiting', code })
    this.actor.doom = 1
    this.#world.endure(this.actor, 'a task that exits')
  }

  /** What a task throws outside its call, by a timer of its own, after so many milliseconds. */
  throwLater(error: Error, after: number): void {
    const job = this.#running!
    this.timers.after(after, () => {
      if (!this.loop!.isPending(job)) return
      this.#ended(job)
      this.loop!.blame(job, error)
    })
  }

  /** The task that runs. */
  get job(): Job {
    return this.#running!
  }

  /** Calls back when the running task is aborted. */
  onAbort(call: () => void): void {
    this.#onAbort.set(this.#running!, call)
  }

  get timers(): ReturnType<SimWorld['timersOf']> {
    return this.#world.timersOf(this.actor)
  }

  #tell(message: LaneToSupervisor): void {
    this.#control.post(message)
  }

  #boot(fate: StartFate): void {
    const { random } = this.#world
    this.#tell({ type: 'booted', version: PROTOCOL_VERSION, threadId: this.id })
    if (fate === 'never ends') return
    this.timers.after(random.below(15), () => {
      if (fate === 'fails to load') {
        this.#tell({
          type: 'load-failed',
          error: encodeError(new TaskLoadError('it cannot be loaded', null)),
        })
        return
      }
      this.#makeLoop()
      let leave = (): void => {}
      const left = new Promise<void>(resolve => {
        leave = resolve
      })
      this.#control.listen(message => this.#obey(message as SupervisorToLane, leave), leave)
      const ready = (): void => {
        this.phase = 'ready'
        this.#tell({ type: 'ready', names: Object.keys(this.#tasks).sort(), os: 'normal' })
        left.then(() => this.#leave())
      }
      // Its setup.
      if (random.chance(0.5)) ready()
      else this.timers.after(random.below(10), ready)
    })
  }

  #leave(): void {
    this.#world.later(this.actor, () => {
      this.phase = 'leaving'
      this.#world.unsettle(this.actor)
      const own = () => this.#sender
      const elsewhere: EndingSender = {
        get isIdle() {
          return own()?.isIdle ?? true
        },
        idle: async () => own()?.idle(),
        leave: () => {
          this.#isDone = true
          own()?.leave()
        },
      }
      lastWorkDone(this.loop!, elsewhere).then(() => {
        const bequeathed = this.#sender?.bequeath() ?? Promise.resolve()
        // Its teardown.
        bequeathed.then(() => this.timers.after(this.#world.random.below(5), () => this.#end()))
      })
    })
  }

  #end(): void {
    this.loop!.flush()
    this.#tell({ type: 'left' })
    this.phase = 'left'
    this.#watcher.left(this)
  }

  #obey(message: SupervisorToLane, leave: () => void): void {
    if (message.type === 'connect') {
      const port = this.#surroundings.channels.open(message.port, this.actor)
      this.ports.push(port)
      this.#watcher.connected(this, message.sender, port)
      this.loop!.connect(message.sender, port, message.places)
    } else if (message.type === 'abort') this.loop!.abort(message.sender, message.id, message.reason)
    else if (message.type === 'forget-all') this.loop!.outcomes.forgetAll(message.sender)
    else if (message.type === 'forget') this.loop!.outcomes.forget(message)
    else if (message.type === 'turn') this.loop!.block.giveSign()
    else if (message.type === 'sender-gone') this.loop!.senderGone(message.sender)
    else if (message.type === 'leave') leave()
  }

  #makeLoop(): void {
    const { index, concurrency, queue, mostOwed, grace, spin, slowCallback } = this.lease.config
    const world = this.#world
    const { actor } = this
    const expiries = new ExpiryAnnouncer(world, at => this.#tell({ type: 'expiry', at }))
    const { calls, handles } = this.#surroundings
    const functions = functionsOf(this.#tasks, { world, thread: this, calls, handles })
    this.loop = new RunLoop(
      new MortalBlock(this.lease.block, world, actor),
      { functions, index, concurrency, queue, mostOwed, grace, spin, slowCallback },
      {
        clock: {
          now: () => {
            // In a microtask nobody is on the stack; one that died has none left.
            if (world.current === actor) world.endure(actor, 'at work')
            // Else one that looks at its doorbell would do so for ever, and alone.
            if (spin > 0 && world.current === actor) {
              world.advance(SPIN_STEP_MS)
              if (world.random.chance(0.1)) world.meanwhile(1)
            }
            return world.now()
          },
        },
        timers: this.timers,
        timings: { waited: () => {}, ran: () => {} },
        reads: this.reads,
        nextTurn: call => world.later(actor, call),
        microtask: call => world.later(actor, call),
        invoke: (job, call) => this.#invoke(job, call),
        awaits: (job, awaited, refuse) => this.#here().awaits(job, awaited, refuse),
        revive: (args, list) => this.#here().revive(args, list),
        unread: (submitter, list) => this.#here().unread(submitter, list),
        abort: job => {
          this.#aborted.add(job)
          this.#onAbort.get(job)?.()
          world.usersCode?.('an abort listener')
        },
        expiryAhead: at => expiries.announce(at),
        senderOver: gone => this.#tell({ type: 'sender-over', sender: gone }),
        roomInQueue: () => this.#tell({ type: 'queue-room' }),
        abandoned: job => {
          this.#ended(job)
          this.#watcher.abandoned(this)
          this.#tell({ type: 'abandoned', sender: job.source.sender, id: job.id })
        },
      },
    )
  }

  #invoke(job: Job, call: TaskFunction): unknown {
    const { sender, table } = job.source
    const sequence = table.float(job.id, FLOAT.SEQUENCE)
    const running = this.#running
    this.#running = job
    this.#watcher.began(this, sender, sequence, job.started)
    this.#world.reach('when a task has begun')
    let value: unknown
    try {
      value = call(...(job.args as never[]))
    } finally {
      this.#running = running
      if (!(value instanceof Promise) && !this.isGone) this.#ended(job, sequence)
    }
    if (!(value instanceof Promise)) {
      this.#world.reach('when a task has returned')
      return value
    }
    // What a dead thread still awaited never comes.
    const settled = (): unknown => {
      if (this.isGone) return new Promise(() => {})
      this.#ended(job, sequence)
      return value
    }
    return value.then(settled, settled)
  }

  #ended(job: Job, sequence = job.source.table.float(job.id, FLOAT.SEQUENCE)): void {
    this.#onAbort.delete(job)
    this.#waiting.delete(job)
    this.#aborted.delete(job)
    this.#watcher.ended(this, job.source.sender, sequence)
  }
}
