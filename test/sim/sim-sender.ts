import type { LaneLink } from '#src/bridge/lane-link.js'
import type { LaneSender } from '#src/bridge/lane-sender.js'
import type { SupervisorToSender } from '#src/bridge/protocol/supervisor-to-sender.js'
import { Sender, type SenderPast } from '#src/bridge/sender.js'
import type { LaneTerms } from '#src/bridge/sender-context.js'
import { FLOAT } from '#src/bridge/shared-table.js'
import type { Backlog } from '#src/core/backlog.js'
import type { Task } from '#src/core/task.js'
import { lastBacklog } from './inner-sights.js'
import type { Races } from './races.js'
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
  readonly kind: string
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

/** What is known of a task that is about to be submitted. */
export function entryOf(sender: SimSender, task: Task, kind: string, after: readonly Entry[] = []): Entry {
  const { extras } = task
  return {
    task,
    sender,
    kind,
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
  /** The slots that are out: posted, and not answered. */
  readonly out = new Map<number, SimPort>()
  readonly reported: unknown[] = []
  /** What waits, once something has. */
  backlog: Backlog | null = null
  readonly notices: SimPort

  /** @param end of the channel to the supervisor */
  constructor(
    number: number,
    actor: Actor,
    world: SimWorld,
    channels: SimChannels,
    end: unknown,
    terms: LaneTerms,
    races: Races,
    onOpen: (sender: SimSender, port: SimPort) => void,
    past: SenderPast | undefined,
  ) {
    this.number = number
    this.actor = actor
    this.notices = channels.open(end, this.actor)
    this.sender = new Sender(
      this.notices,
      [terms],
      {
        number,
        isOfLane: false,
        clock: world,
        timers: world.timersOf(this.actor),
        defer: call => world.later(this.actor, call),
        openPort: token => {
          const port = channels.open(token, this.actor)
          onOpen(this, port)
          return port
        },
        busy: () => {},
        report: error => this.reported.push(error),
        watcher: {
          slow: () => races.hit('slow'),
          stall: () => races.hit('stall heard'),
          restart: () => races.hit('restart'),
        },
      },
      past,
    )
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
    const { task } = entry
    const how = this.lane.admit()
    this.entries.push(entry)
    this.bySequence.set(task.sequence, entry)
    this.open.add(entry)
    this.lane.submit(task, how)
    this.backlog ??= lastBacklog
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

  get lane(): LaneSender {
    for (const lane of this.sender) return lane
    throw new Error('there is no lane')
  }
}
