import type { MessagePort } from 'node:worker_threads'
import { type EncodedError, type EncodedReason, encodeError, encodeThrown } from '../bridge/error-codec.js'
import type { LaneToSupervisor } from '../bridge/protocol/lane-to-supervisor.js'
import type { SenderToSupervisor } from '../bridge/protocol/sender-to-supervisor.js'
import type { SupervisorToSender } from '../bridge/protocol/supervisor-to-sender.js'
import { isTyped } from '../bridge/protocol/typed-message.js'
import { PROTOCOL_VERSION } from '../bridge/protocol/version.js'
import { INT, type TableView } from '../bridge/shared-table.js'
import { TaskTimeoutError } from '../core/errors.js'
import { TIMED_OUT } from '../core/task-state.js'
import { CancelLadder } from './cancel-ladder.js'
import { ExpiryWatch } from './expiry-watch.js'
import { HandleRoutes } from './handle-routes.js'
import { KeyGrants } from './key-grants.js'
import type { SupervisorConfig } from './lane-config.js'
import { LaneQueues } from './lane-queues.js'
import type { LaneThread } from './lane-thread.js'
import { OrphanedTasks } from './orphaned-tasks.js'
import { Retirements } from './retirements.js'
import { type SenderEntry, Senders } from './senders.js'
import { stallReport } from './stall-report.js'
import { StallResponse } from './stall-response.js'
import { type Stall, StallWatch } from './stall-watch.js'
import { StandstillWatch } from './standstill-watch.js'
import { SupervisedLane } from './supervised-lane.js'
import type { LaneThreadStats, SupervisorStats } from './supervisor-stats.js'
import { type Surroundings, type ThreadSource, threadSurroundings } from './surroundings.js'
import { WaitWatch } from './wait-watch.js'

/**
 * The owner of all lane threads, on a thread of its own: it starts, replaces and ends them, connects senders with
 * them, and enforces the limits of their tasks, also while the senders' own threads are blocked. It is never on the
 * way of a task or its answer.
 */
export class Supervisor {
  readonly #config: SupervisorConfig
  readonly #surroundings: Surroundings
  readonly #pools: ReadonlyMap<string, ThreadSource>
  readonly #lanes = new Map<string, SupervisedLane>()
  readonly #senders = new Senders()
  readonly #queues: LaneQueues
  readonly waits = new WaitWatch(
    this.#senders,
    lane => this.#lanes.get(lane)?.config.rank ?? 0,
    () => this.#standstills.blocked(),
  )
  readonly #standstills: StandstillWatch
  readonly #handles = new HandleRoutes(this.#senders, thread => this.#threads.get(thread))
  readonly #keys: KeyGrants
  readonly #threads = new Map<number, LaneThread>()
  readonly #laneOf = new Map<number, SupervisedLane>()
  readonly #ladder: CancelLadder
  readonly #expiry: ExpiryWatch
  readonly #stalls: StallWatch
  readonly #stallResponse: StallResponse<SupervisedLane, LaneThread>
  readonly #retirements: Retirements
  readonly #orphans: OrphanedTasks
  #lastNumber = 0
  #isClosing = false
  /** Tasks that ignored their abort and were given up. */
  abandoned = 0
  /** Messages dropped because they made no sense. */
  strays = 0

  /** @param pools where the threads of each lane come from */
  constructor(
    config: SupervisorConfig,
    pools: ReadonlyMap<string, ThreadSource>,
    surroundings: Surroundings = threadSurroundings,
  ) {
    const { clock, timers } = surroundings
    this.#config = config
    this.#pools = pools
    this.#surroundings = surroundings
    this.#queues = new LaneQueues(config.lanes, lane =>
      this.#senders.tellOf(lane, { type: 'queue-room', lane }),
    )
    this.#keys = new KeyGrants(config.lanes, this.#senders, {
      of: lane =>
        [...this.#laneOf].filter(([, { config }]) => config.name === lane).map(([number]) => number),
      tellGone: (thread, sender) => this.#threads.get(thread)?.tell({ type: 'sender-gone', sender }),
    })
    this.#orphans = new OrphanedTasks({
      unstarted: (sender, table) => this.#queues.gone(sender, table),
      started: (sender, table, id, reason) => this.#climb(sender, table, id, reason),
      over: (sender, running) => this.#keys.senderGone(sender, running),
    })
    this.#standstills = new StandstillWatch(this.waits, this.#senders, this.#lanes, surroundings)
    this.#retirements = new Retirements(this.#senders, (number, sender) => {
      const [thread, lane] = [this.#threads.get(number), this.#laneOf.get(number)]
      if (thread?.takesSenders && lane) this.#connect(sender, lane, thread)
    })
    this.#ladder = new CancelLadder(this.#senders.tables, clock, timers)
    this.#expiry = new ExpiryWatch(this.#senders.tables, clock, timers, {
      end: (sender, table, id) => this.#queues.end(sender, table, id, TIMED_OUT),
      expired: (sender, tasks) => {
        this.#senders.tell(sender, { type: 'expired', ids: tasks.map(task => task.id) })
        const table = this.#senders.tables.get(sender)!
        for (const { id, sequence, thread, call, startedAt, limit, started } of tasks) {
          const error = (): EncodedError => {
            const name = this.#threads.get(thread)?.names[call] ?? ''
            return encodeError(new TaskTimeoutError(name, limit))
          }
          this.#handles.decided({ owner: sender, sequence }, () => ({
            state: TIMED_OUT,
            value: error(),
            started: startedAt,
            ended: clock.now(),
          }))
          if (started) this.#climb(sender, table, id, { error: error() })
        }
      },
    })
    this.#stallResponse = new StallResponse({
      find: number => {
        const lane = this.#laneOf.get(number)
        const thread = this.#threads.get(number)
        return lane && thread && { lane, thread }
      },
      stackOf: threadId => surroundings.stackOf(threadId),
      tell: ({ report, lane, thread, candidates: held, silent, action, stack }) => {
        const candidates = held.map(({ task, name }) => ({ id: task, name }))
        const stalled = { lane, thread, task: candidates[0], candidates, silent, action, stack }
        this.#senders.tellOwners({ type: 'stall', report, ...stalled })
      },
    })
    this.#stalls = new StallWatch(this.#senders.tables, clock, timers, {
      stalled: stall => void this.#stallResponse.begin(stall),
      persists: (stall, silent) => this.#stallResponse.persists(stall, silent),
      unheard: stall => this.#write(stall),
    })
  }

  /**
   * Takes a thread that submits tasks.
   *
   * @param number how its tables are told apart; that of a lane's thread is the thread's own
   * @param isOwner whether it made the scheduler: then it is connected with every lane, else with those it asks for
   */
  addSender(number: number, messagePort: MessagePort, isOwner = true): void {
    const port = this.#surroundings.open(messagePort)
    const entry = this.#senders.add(number, port, isOwner)
    port.listen(
      message => this.#hear(number, entry, message),
      () => this.#removeSender(number, entry),
    )
    port.hold(true)
    if (this.#isClosing && !isOwner) this.#senders.tell(number, { type: 'closing' })
  }

  /** Starts the lanes; resolves when all their threads are ready, rejects with why one is not. */
  async start(): Promise<void> {
    for (const config of this.#config.lanes) {
      const pool = this.#pools.get(config.name)!
      const next = (): number => ++this.#lastNumber
      const lane = new SupervisedLane(config, pool, this.#surroundings, this.#config.epochOffset, next, {
        joined: (joined, thread) => this.#joined(joined, thread),
        lost: (of, thread, error) => {
          this.#retirements.end(thread.number)
          const told = { lane: of.config.name, thread: thread.number, error: encodeError(error) }
          for (const [sender, { port }] of this.#senders.of(of.config.name)) {
            // By its id the task is known to its own sender alone.
            const blamed = thread.blamed?.sender === sender ? { blamed: thread.blamed.id } : {}
            port.post({ type: 'thread-lost', ...told, ...blamed } satisfies SupervisorToSender)
          }
        },
        exited: ({ config: { name } }, { number, block }) => {
          this.#threads.delete(number)
          this.strays += block.strays
          this.#laneOf.delete(number)
          this.#stalls.forget(number)
          this.#stallResponse.forget(number)
          this.#retirements.end(number)
          this.#senders.tellOf(name, { type: 'thread-exited', lane: name, thread: number })
          this.#removeSender(number, this.#senders.get(number))
          this.#orphans.exited(number)
          this.#queues.exited(number)
          if (!this.#handles.threadGone(number))
            for (const other of this.#threads.values()) other.tell({ type: 'forget-all', sender: number })
          this.#keys.threadGone(number)
        },
        restarts: (of, thread, error, after) =>
          this.#senders.tellOwners({
            type: 'restart',
            lane: of.config.name,
            thread: thread.number,
            error: encodeError(error),
            after,
            restarts: of.restarts,
          }),
        retiring: (of, thread) =>
          this.#retirements.begin(of.config.name, thread.number, () => of.released(thread)),
        stays: (of, thread) => this.#retirements.callOff(of.config.name, thread.number),
        failed: (of, error) =>
          this.#senders.tellOf(of.config.name, {
            type: 'lane-failed',
            lane: of.config.name,
            error: encodeError(error),
          }),
        fault: (of, error) => this.#fault(of, encodeError(error)),
        message: (of, thread, message) => this.#laneSays(of, thread, message),
      })
      this.#lanes.set(config.name, lane)
    }
    await Promise.all([...this.#lanes.values()].map(lane => lane.started))
  }

  /** @param within milliseconds until threads that have not gone by themselves are ended */
  async close(within: number): Promise<void> {
    this.#isClosing = true
    this.#senders.tellLanes({ type: 'closing' })
    await Promise.all([...this.#lanes.values()].map(lane => lane.close(within)))
  }

  /** Has the threads hand over what they have written. */
  async passOutput(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map(lane => lane.passOutput()))
  }

  /** The lanes could not be started: a sender that waits synchronously hears of it by no other way. */
  failStart(error: unknown): void {
    for (const lane of this.#lanes.keys())
      this.#senders.tellOf(lane, { type: 'lane-failed', lane, error: encodeThrown(error) })
  }

  /** The thread goes: a sender that waits synchronously would not see it. */
  forsake(): void {
    this.#senders.forsake()
  }

  stats(): SupervisorStats {
    const lanes: Record<string, LaneThreadStats> = {}
    for (const [name, lane] of this.#lanes) lanes[name] = lane.stats()
    let { strays } = this
    for (const { block } of this.#threads.values()) strays += block.strays
    return { lanes, abandoned: this.abandoned, strays }
  }

  #fault(lane: SupervisedLane, error: EncodedError): void {
    this.#senders.tellOwners({ type: 'fault', lane: lane.config.name, error })
  }

  #joined(lane: SupervisedLane, thread: LaneThread): void {
    this.#threads.set(thread.number, thread)
    this.#queues.joined(thread.number, thread.places, lane.config, thread.block)
    this.#laneOf.set(thread.number, lane)
    this.#stalls.watch(lane.config, thread)
    for (const [sender] of this.#senders.of(lane.config.name)) this.#connect(sender, lane, thread)
  }

  #connect(sender: number, lane: SupervisedLane, thread: LaneThread): void {
    const { port1, port2 } = this.#surroundings.channel()
    const places = this.#threads.get(sender)?.places ?? null
    thread.tell({ type: 'connect', version: PROTOCOL_VERSION, sender, port: port1, places }, [port1])
    const joined: SupervisorToSender = {
      type: 'thread-joined',
      lane: lane.config.name,
      thread: thread.number,
      port: port2,
      block: thread.block.buffer,
      names: thread.names,
    }
    this.#senders.get(sender)!.port.post(joined, [port2])
  }

  /** A thread of a lane has a first task for another, or for its own. */
  #reach(sender: number, entry: SenderEntry, name: string): void {
    const lane = this.#lanes.get(name)
    if (lane === undefined || entry.isOwner || entry.reached.has(name)) {
      this.strays++
      return
    }
    entry.reached.add(name)
    // It may have found none before it could be told of any.
    if (lane.config.overload === 'wait') entry.port.post({ type: 'queue-room', lane: name })
    for (const thread of lane.threads) if (thread.takesSenders) this.#connect(sender, lane, thread)
    if (lane.failure !== null) {
      entry.port.post({ type: 'lane-failed', lane: name, error: encodeError(lane.failure) })
    }
  }

  #hear(number: number, entry: SenderEntry, message: unknown): void {
    if (isTyped(message)) this.#receive(number, entry, message as unknown as SenderToSupervisor)
    else this.strays++
  }

  #receive(number: number, entry: SenderEntry, message: SenderToSupervisor): void {
    switch (message.type) {
      case 'segment':
        if (entry.table.accepts(message.index, message.buffer)) {
          entry.table.attach(message.index, message.buffer)
          this.#expiry.tableGrown()
        } else this.strays++
        break
      case 'expiry':
        this.#expiryAhead(message.at, `sender ${number}`)
        break
      case 'stall-heard':
        this.#stalls.heard(message.report)
        break
      case 'canceled':
        this.#climb(number, entry.table, message.id, message.reason)
        break
      case 'link-lost':
        this.#threads.get(message.thread)?.linkLost()
        break
      case 'grow':
        this.#lanes.get(message.lane)?.grow()
        break
      case 'bell': {
        const bell = entry.port.hang(message.buffer)
        if (bell === null) this.strays++
        else bell.answer()
        break
      }
      case 'reach':
        this.#reach(number, entry, message.lane)
        break
      case 'queue-room':
        this.#queues.roomIn(message.lane)
        break
      default: {
        const others = [this.#handles, this.waits, this.#standstills, this.#keys, this.#retirements]
        if (!others.some(other => other.receive(number, message))) this.strays++
      }
    }
  }

  #expiryAhead(at: number, by: string): void {
    if (Number.isFinite(at)) this.#expiry.announce(at, by)
    else this.strays++
  }

  #climb(sender: number, table: TableView, id: number, reason: EncodedReason): void {
    if (!table.holds(id) || table.state(id) < 0) return
    const number = table.int(id, INT.THREAD)
    const thread = this.#threads.get(number)
    const lane = this.#laneOf.get(number)
    if (thread === undefined || lane === undefined) return
    this.#ladder.climb({ lane: lane.config, thread, sender, id, table }, reason)
    this.#senders.wake(number)
  }

  #laneSays(lane: SupervisedLane, thread: LaneThread, message: LaneToSupervisor): void {
    switch (message.type) {
      case 'expiry':
        this.#expiryAhead(message.at, `thread ${thread.number}`)
        break
      case 'queue-room':
        this.#queues.roomIn(lane.config.name)
        break
      case 'abandoned':
        this.abandoned++
        this.#ladder.abandoned(message.sender, message.id)
        break
      case 'fault':
        this.#fault(lane, message.error)
        break
      case 'cut-off':
        thread.linkLost()
        break
      case 'sender-over':
        this.#keys.senderOver(thread.number, message.sender)
        break
      case 'sends':
        if (this.#senders.has(thread.number)) this.strays++
        else this.addSender(thread.number, message.port, false)
        break
      default:
        this.strays++
    }
  }

  /** Whoever would report it is blocked. */
  #write(stall: Stall): void {
    const text = stallReport(
      this.#stallResponse.answerTo(stall),
      this.#senders.tables.values(),
      number => {
        const lane = this.#laneOf.get(number)
        return lane && { lane: lane.config.name, names: this.#threads.get(number)?.names ?? [] }
      },
      this.#surroundings.clock.now(),
    )
    this.#surroundings.write(text)
  }

  /** Nobody is there any more to be told of its tasks: none of them begins, and those that run are to stop. */
  #removeSender(number: number, entry: SenderEntry | undefined): void {
    if (entry === undefined) return
    // What it had still to say may be seen later than its exit: whoever was given a handle by it, above all.
    for (let next = entry.port.take(); next !== undefined; next = entry.port.take())
      this.#hear(number, entry, next.message)
    if (this.#senders.remove(number) === undefined) return
    this.waits.threadGone(number)
    this.#standstills.gone(number)
    this.#retirements.senderGone(number)
    this.#orphans.gone(number, entry.table, !entry.isOwner)
  }
}
