import type { LaneLink } from '#src/bridge/lane-link.js'
import type { LaneSender } from '#src/bridge/lane-sender.js'
import type { HandleName } from '#src/bridge/lending.js'
import type { SupervisorToSender } from '#src/bridge/protocol/supervisor-to-sender.js'
import { Sender, type SenderPast } from '#src/bridge/sender.js'
import type { LaneTerms, SenderEnvironment } from '#src/bridge/sender-context.js'
import { FLOAT } from '#src/bridge/shared-table.js'
import type { Admittance } from '#src/core/admission.js'
import type { Backlog } from '#src/core/backlog.js'
import type { Task } from '#src/core/task.js'
import { lastBacklog } from './inner-sights.js'
import type { Race, Races } from './races.js'
import type { Actor } from './sim-actor.js'
import type { SimChannels } from './sim-channels.js'
import type { SimPort } from './sim-port.js'
import type { SimThread } from './sim-thread.js'
import type { SimWorld } from './sim-world.js'

/** When a task may run. */
export interface TaskLimits {
  readonly notBefore: number
  readonly waitUntil: number
  readonly deadline: number
  readonly timeout: number
}

/** What is known of a task, and what is expected of it. */
export interface Entry {
  readonly task: Task
  readonly sender: SimSender
  readonly lane: LaneSender
  readonly kind: string
  /** The task that submitted it, if one did. */
  readonly parent: Entry | null
  /** How many tasks are above it. */
  readonly depth: number
  /** Whether its sender has it, and counts it. */
  isHanded: boolean
  /** The instants and durations it was submitted with: those that its task has may change with its attempts. */
  readonly limits: TaskLimits
  readonly idempotent: boolean
  readonly retries: number
  readonly key: string | null
  readonly transferring: boolean
  /** What it is to start after. */
  readonly after: readonly Entry[]
  /** Whether its callbacks are logged. */
  isObserved: boolean
  /** Whether a cancel answered true. */
  cancelled: boolean
  /** Whether a thread that has its handle has asked for a cancel. */
  isCancelAsked: boolean
  /** Whether a fault has swallowed the answer of the thread that ran it. */
  isAnswerLost: boolean
  /** How often its sender could not read what became of it. */
  answersUnread: number
  /** How often a thread could not read it. */
  unread: number
  settled: number
  /** The order of its callbacks. */
  readonly log: ('start' | 'final')[]
  /** How often a thread has claimed it. */
  claims: number
  /** The threads its code has begun on. */
  readonly begun: SimThread[]
  /** When its code last ended, and how often it had failed when it last began. */
  endedAt: number
  failuresBefore: number
  /** How many of its lane started after it had aged and before it did, and how many may. */
  overtaken: number
  mayOvertake: number
}

/** Those that wait for others. */
export const WAITING_KINDS: ReadonlySet<string> = new Set(['calls', 'awaits'])

/** What is known of a task that is about to be submitted. */
export function entryOf(
  sender: SimSender,
  task: Task,
  kind: string,
  parent: Entry | null = null,
  after: readonly Entry[] = [],
): Entry {
  const { extras } = task
  return {
    task,
    sender,
    lane: sender.sender.lane(task.target.lane),
    kind,
    parent,
    depth: parent === null ? 0 : parent.depth + 1,
    isHanded: false,
    limits: {
      notBefore: extras?.notBefore ?? 0,
      waitUntil: extras?.waitUntil ?? Number.POSITIVE_INFINITY,
      deadline: extras?.deadline ?? Number.POSITIVE_INFINITY,
      timeout: extras?.timeout ?? Number.POSITIVE_INFINITY,
    },
    idempotent: extras?.idempotent ?? false,
    retries: extras?.retries?.limit ?? 0,
    key: extras?.key ?? null,
    transferring: extras !== null && extras.transfer !== null,
    after,
    isObserved: false,
    cancelled: false,
    isCancelAsked: false,
    isAnswerLost: false,
    answersUnread: 0,
    unread: 0,
    settled: 0,
    log: [],
    claims: 0,
    begun: [],
    endedAt: 0,
    failuresBefore: 0,
    overtaken: 0,
    mayOvertake: 0,
  }
}

/** What simulated senders have in common. */
export interface SenderSurroundings {
  readonly world: SimWorld
  readonly channels: SimChannels
  readonly races: Races
  /** A sender has a connection to a thread more. */
  opened(sender: SimSender, port: SimPort): void
}

/** A thread that submits: the real sender, and what the detectors keep beside it. */
export class SimSender {
  readonly number: number
  readonly actor: Actor
  readonly sender: Sender
  readonly entries: Entry[] = []
  readonly bySequence = new Map<number, Entry>()
  /** Those that have not settled. */
  readonly open = new Set<Entry>()
  readonly links = new Map<SimPort, LaneLink>()
  /** The lanes that it has asked for, if it is on a lane thread: others are connected with all. */
  readonly reached = new Set<string>()
  /** The slots that are out: posted, and not answered. */
  readonly out = new Map<number, SimPort>()
  readonly reported: unknown[] = []
  /** What waits on each lane, once something has. */
  readonly backlogs = new Map<LaneSender, Backlog>()
  /** Its end of the channel to the supervisor. */
  notices!: SimPort
  /** The handles that it has told to be about to give on, while the tasks have not left that they are to leave with. */
  readonly lending: HandleName[] = []
  /** Whether it has left to the supervisor what became of its tasks: from then on that answers in its place. */
  hasBequeathed = false
  /** Whether its thread has run its teardown. */
  hasLeft = false
  /** Whether the supervisor has dealt with its death. */
  isForgotten = false
  readonly #opened: (port: SimPort) => void
  readonly #channels: SimChannels

  /** @param make makes the real sender, for the simulated one that is its place */
  constructor(
    number: number,
    actor: Actor,
    { channels, opened }: SenderSurroundings,
    make: (own: SimSender) => Sender,
  ) {
    this.number = number
    this.actor = actor
    this.#channels = channels
    this.#opened = port => opened(this, port)
    this.sender = make(this)
  }

  /** On a thread that made the scheduler. @param end of the channel to the supervisor */
  static owner(
    number: number,
    actor: Actor,
    surroundings: SenderSurroundings,
    end: unknown,
    terms: readonly LaneTerms[],
    past: SenderPast | undefined,
  ): SimSender {
    return new SimSender(number, actor, surroundings, own => {
      own.openNotices(end)
      return new Sender(own.notices, terms, own.#environment(surroundings), past)
    })
  }

  openNotices(end: unknown): SimPort {
    this.notices = this.#channels.open(end, this.actor)
    return this.notices
  }

  /** @param end of the channel to a lane's thread */
  openPort(end: unknown): SimPort {
    const port = this.#channels.open(end, this.actor)
    this.#opened(port)
    return port
  }

  #environment({ world, races }: SenderSurroundings): SenderEnvironment {
    const told = (of: Race): void => {
      races.hit(of)
      world.usersCode?.('a report')
    }
    return {
      number: this.number,
      isOfLane: false,
      clock: world,
      timers: world.timersOf(this.actor),
      defer: call => world.later(this.actor, call),
      openPort: token => this.openPort(token),
      busy: () => {},
      report: error => this.reported.push(error),
      watcher: {
        slow: () => told('slow'),
        stall: () => told('stall heard'),
        restart: () => told('restart'),
      },
    }
  }

  listen(onClose: () => void): void {
    this.notices.listen(message => this.sender.receive(message as SupervisorToSender), onClose)
  }

  /**
   * Submits the task of an entry.
   *
   * @throws MultilaneError if it is refused
   */
  hand(entry: Entry): void {
    const how = entry.lane.admit()
    // As the library does: users are told of those that were dropped when it is in.
    if (how === 'drop') this.sender.deliveries.inPlace(() => this.#hand(entry, how))
    else this.#hand(entry, how)
  }

  #hand(entry: Entry, how: Admittance): void {
    const { task, lane } = entry
    this.entries.push(entry)
    this.bySequence.set(task.sequence, entry)
    this.open.add(entry)
    try {
      lane.submit(task, how)
    } catch (error) {
      // There was none to be dropped for it.
      this.entries.pop()
      this.bySequence.delete(task.sequence)
      this.open.delete(entry)
      throw error
    }
    entry.isHanded = true
    if (!this.backlogs.has(lane)) this.backlogs.set(lane, lastBacklog!)
  }

  /** Whose slot it is. */
  entryOfSlot(id: number): Entry | undefined {
    return this.bySequence.get(this.sender.sent.table.float(id, FLOAT.SEQUENCE))
  }

  /** What the sender of the next start on this thread goes on from. */
  get past(): SenderPast {
    const { history, lastNumber } = this.sender
    return { history, lastNumber }
  }

  /** One of its lanes, if it has but one. */
  get lane(): LaneSender {
    for (const lane of this.sender) return lane
    throw new Error('there is no lane')
  }
}
