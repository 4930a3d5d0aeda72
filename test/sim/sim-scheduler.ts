import { encodeError } from '#src/bridge/error-codec.js'
import type { LaneSender } from '#src/bridge/lane-sender.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import type { SenderToSupervisor } from '#src/bridge/protocol/sender-to-supervisor.js'
import type { SupervisorToSender } from '#src/bridge/protocol/supervisor-to-sender.js'
import { Sender } from '#src/bridge/sender.js'
import type { LaneTerms } from '#src/bridge/sender-context.js'
import { INT, TableView } from '#src/bridge/shared-table.js'
import type { OverloadPolicy } from '#src/core/admission.js'
import { LaneError } from '#src/core/errors.js'
import { CancelLadder } from '#src/lanes/cancel-ladder.js'
import { ExpiryWatch } from '#src/lanes/expiry-watch.js'
import { Retirements } from '#src/lanes/retirements.js'
import { type SimTask, SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

export interface SimLaneOptions {
  readonly threads: { readonly min: number; readonly max: number }
  readonly concurrency: number
  readonly grace: number
  readonly queueLimit: number
  readonly overload: OverloadPolicy
}

const LANE = 'lane'
const SENDER = 0

/**
 * A scheduler with one lane in one thread: the real sender, run loops, cancel ladder and expiry watch, on memory ports
 * and a simulated clock. Only what makes and ends threads is simulated.
 */
export class SimScheduler {
  readonly sender: Sender
  readonly threads = new Set<SimThread>()
  /** How often each task began, by its number, and on which threads. */
  readonly begun = new Map<number, SimThread[]>()
  readonly #world: SimWorld
  readonly #tasks: Readonly<Record<string, SimTask>>
  readonly #options: SimLaneOptions
  readonly #notices: MemoryPort
  readonly #table = new TableView()
  readonly #ladder: CancelLadder
  readonly #expiry: ExpiryWatch
  readonly #tokens = new Map<number, MemoryPort>()
  readonly #senderPorts: MemoryPort[] = []
  readonly reported: unknown[] = []
  readonly #retirements = new Retirements()
  deaths = 0
  /** Threads that have left, and threads that were asked for and came. */
  left = 0
  grown = 0
  #lastNumber = 0

  constructor(world: SimWorld, tasks: Readonly<Record<string, SimTask>>, options: SimLaneOptions) {
    this.#world = world
    this.#tasks = tasks
    this.#options = options
    const [mine, theirs] = MemoryPort.pair(world)
    this.#notices = theirs
    this.#senderPorts.push(mine)
    this.#ladder = new CancelLadder(world.clock, world.clock)
    this.#expiry = new ExpiryWatch(new Map([[SENDER, this.#table]]), world.clock, world.clock, {
      expired: (_, tasks) => {
        this.#tell({ type: 'expired', ids: tasks.map(task => task.id) })
        for (const { id, started } of tasks) if (started) this.#climb(id)
      },
    })
    theirs.listen(
      message => this.#hear(message as SenderToSupervisor),
      () => {},
    )
    const { concurrency, queueLimit, overload, threads } = options
    const terms: LaneTerms = { name: LANE, concurrency, queueLimit, overload, threads }
    this.sender = new Sender(mine, [terms], {
      clock: world.clock,
      timers: world.clock,
      defer: call => world.later(call),
      openPort: token => this.#tokens.get(token as number)!,
      busy: () => {},
      report: error => this.reported.push(error),
    })
    mine.listen(
      message => this.sender.receive(message as SupervisorToSender),
      () => {},
    )
    for (let i = 0; i < threads.min; i++) this.#start()
  }

  get lane(): LaneSender {
    return this.sender.lane(LANE)
  }

  /** The submitting thread stops taking messages, or goes on. */
  park(parked: boolean): void {
    for (const port of this.#senderPorts) {
      if (parked) this.#world.parked.add(port)
      else this.#world.parked.delete(port)
    }
  }

  /** A thread dies: what it has posted still arrives, then its ports close, and a new one takes its place. */
  kill(
    thread: SimThread,
    code: 'ERR_LANE_EXITED' | 'ERR_LANE_TERMINATED',
    port: MemoryPort | undefined,
  ): void {
    if (!this.threads.delete(thread)) return
    this.deaths++
    const wasRetiring = this.#retiring.delete(thread)
    this.#retirements.end(thread.number)
    thread.die()
    port?.close()
    const error = encodeError(new LaneError(code, LANE, 'the simulated thread died'))
    const { number } = thread
    this.#world.clock.after(this.#world.random.below(5), () => {
      this.#tell({ type: 'thread-lost', lane: LANE, thread: number, error })
      this.#world.clock.after(this.#world.random.below(5), () => {
        this.#tell({ type: 'thread-exited', lane: LANE, thread: number })
        if (!wasRetiring) this.#start()
      })
    })
  }

  killByFault(thread: SimThread): void {
    this.kill(thread, 'ERR_LANE_EXITED', this.#portOf.get(thread))
  }

  readonly #retiring = new Set<SimThread>()

  /** A thread is needed no more, busy or not: it leaves when the sender has released it. */
  retire(thread: SimThread): void {
    if (this.threads.size - this.#retiring.size < 2 || this.#retiring.has(thread)) return
    this.#retiring.add(thread)
    const { number } = thread
    this.#tell({ type: 'thread-leaving', lane: LANE, thread: number })
    const leave = (): void => {
      this.#retiring.delete(thread)
      this.threads.delete(thread)
      this.left++
      if (!thread.loop.isIdle) throw new Error('a thread was released that still has tasks')
      thread.die()
      this.#portOf.get(thread)?.close()
      this.#tell({ type: 'thread-exited', lane: LANE, thread: number })
    }
    this.#retirements.begin({ number, leave }, [SENDER])
  }

  #grow(): void {
    if (this.threads.size >= this.#options.threads.max) return
    this.grown++
    this.#start()
  }

  readonly #portOf = new Map<SimThread, MemoryPort>()

  #start(): void {
    const number = ++this.#lastNumber
    const thread = new SimThread(
      number,
      this.#world,
      this.#tasks,
      this.#options,
      (sequence, on) => this.begun.set(sequence, [...(this.begun.get(sequence) ?? []), on]),
      at => this.#expiry.announce(at),
      one => this.kill(one, 'ERR_LANE_TERMINATED', this.#portOf.get(one)),
    )
    const [mine, theirs] = MemoryPort.pair(this.#world)
    this.threads.add(thread)
    this.#portOf.set(thread, theirs)
    this.#tokens.set(number, mine)
    this.#senderPorts.push(mine)
    thread.connect(SENDER, theirs)
    this.#notices.post({
      type: 'thread-joined',
      lane: LANE,
      thread: number,
      port: number,
      block: thread.block.buffer,
      names: thread.names,
    })
  }

  #tell(message: SupervisorToSender): void {
    this.#notices.post(message)
  }

  #hear(message: SenderToSupervisor): void {
    if (message.type === 'segment') this.#table.attach(message.index, message.buffer)
    else if (message.type === 'expiry') this.#expiry.announce(message.at)
    else if (message.type === 'canceled') this.#climb(message.id)
    else if (message.type === 'grow') this.#grow()
    else if (message.type === 'released') this.#retirements.released(message.thread, SENDER)
  }

  #climb(id: number): void {
    if (!this.#table.holds(id) || this.#table.state(id) < 0) return
    const number = this.#table.int(id, INT.THREAD)
    const thread = [...this.threads].find(one => one.number === number)
    if (thread === undefined) return
    const lane = { name: LANE, grace: this.#options.grace }
    this.#ladder.climb({ lane, thread, sender: SENDER, id, table: this.#table }, { value: 'cancelled' })
  }
}
