import type { LaneLink } from '#src/bridge/lane-link.js'
import type { StallReported, SupervisorToSender } from '#src/bridge/protocol/supervisor-to-sender.js'
import type { Races } from './races.js'
import type { SimPort } from './sim-port.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** Where a thread is whose task has been claimed and not answered. */
const WITHIN_TASK = new Set([
  'after SCHEDULED → STARTED',
  'before it shows who holds its loop',
  'when a task has begun',
  'when a task has returned',
  'in a task that holds its loop',
  'a task that exits',
  'before it shows that its loop is free',
])

/** Notices which of the interesting things have happened; it judges nothing. */
export class Sights {
  readonly #races: Races
  readonly #threadOf = new Map<SimPort, SimThread>()
  /** Those that were told to be leaving. */
  readonly #retiring = new Set<SimThread>()
  /** Those that were, and stay. */
  readonly #calledBack = new Set<SimThread>()
  readonly #takenOver = new Set<SimThread>()
  /** The stalls that were told, and to whom. */
  readonly #reported = new Set<string>()

  constructor(races: Races) {
    this.#races = races
  }

  /** Threads that were to retire, and have not begun to leave. */
  get retiring(): SimThread[] {
    return [...this.#retiring].filter(({ isGone, phase }) => !isGone && phase === 'ready')
  }

  connected(thread: SimThread, port: SimPort): void {
    this.#threadOf.set(port.peer, thread)
  }

  /** A sender deals with answers. */
  taken(port: SimPort): void {
    if (port.peer.actor.dead) this.#races.hit('answer taken after death')
  }

  /** A thread has taken a message before its event loop gave it. */
  polled(thread: SimThread): void {
    if (thread.spins && thread.loop?.isIdle === true) this.#races.hit('found while looking at the doorbell')
  }

  watchNotices(sender: SimSender, scheduler: SimScheduler): void {
    sender.notices.peer.tap = {
      posted: (_, message) => this.#notice(sender, scheduler, message as SupervisorToSender),
    }
  }

  sawDeath(thread: SimThread, at: string): void {
    const races = this.#races
    races.note(`death ${at}`)
    if (thread.phase === 'starting') races.hit('death while starting')
    if (thread.phase === 'leaving') races.hit('death while leaving')
    if (this.#retiring.has(thread)) races.hit('death while retiring')
    if (this.#takenOver.has(thread)) races.hit('stalled thread died after it was replaced')
    if (WITHIN_TASK.has(at)) races.hit('death between claim and answer')
    if (at.startsWith('before STARTED →')) races.hit('death between answer and verdict')
    const { loop } = thread
    if (
      at === 'before SCHEDULED → STARTED' &&
      loop !== null &&
      [...loop.started].length === 0 &&
      !loop.isIdle
    )
      races.hit('death between two tasks of a batch')
  }

  #replaced(sender: SimSender, { report, thread }: StallReported): void {
    this.#races.hit('stalled thread replaced')
    if (this.#reported.has(`${sender.number} ${report}`))
      this.#races.hit('stalled thread replaced at a later look')
    const [port] = linkTo(sender, thread)
    const stalled = port && this.#threadOf.get(port)
    if (stalled === undefined) return
    this.#takenOver.add(stalled)
    if (stalled.sender !== null) this.#races.hit('stalled thread replaced that is a sender')
  }

  #notice(sender: SimSender, scheduler: SimScheduler, message: SupervisorToSender): void {
    const races = this.#races
    switch (message.type) {
      case 'thread-leaving': {
        const [, link] = linkTo(sender, message.thread)
        // Whoever has sent it nothing yet has no connection that is known here.
        const thread = scheduler.living.find(({ id }) => id === message.thread)
        if (thread !== undefined) this.#retiring.add(thread)
        races.hit('thread retired')
        if (link !== undefined && link.outstanding > 0) races.hit('retired with tasks on their way to it')
        if (link !== undefined && sender.number === message.thread) {
          races.hit('thread retired that is connected with itself')
          if (link.outstanding > 0) races.hit('thread retired with its own tasks on it')
        }
        break
      }
      case 'thread-staying':
      case 'thread-joined':
        for (const thread of this.#retiring) {
          if (thread.id !== message.thread) continue
          this.#retiring.delete(thread)
          races.hit('retired, and stays')
          this.#calledBack.add(thread)
        }
        for (const thread of this.#calledBack) {
          if (thread.id !== message.thread) continue
          const hasReleased = linkTo(sender, message.thread)[1] === undefined
          if (message.type === 'thread-joined') races.hit('released, and connected anew')
          else races.hit(hasReleased ? 'told to stay when it had been released' : 'told to stay in time')
        }
        break
      case 'thread-lost': {
        const [port] = linkTo(sender, message.thread)
        const thread = port && this.#threadOf.get(port)
        if (thread?.isGone === false) races.hit('told lost before it exited')
        if (message.error.fields.code === 'ERR_LANE_TERMINATED') races.hit('death at the hands of the ladder')
        break
      }
      case 'lane-failed':
        races.hit('lane failed')
        scheduler.failedLanes.add(message.lane)
        break
      case 'closing':
        if (sender.open.size > 0) races.hit('closed while nested tasks run')
        break
      case 'restart':
        if (scheduler.ending) races.hit('restart while closing')
        break
      case 'expired':
        if (sender.actor.parked) races.hit('timed out while the owner was blocked')
        break
      case 'stall':
        if (message.action === 'replace') this.#replaced(sender, message)
        this.#reported.add(`${sender.number} ${message.report}`)
        if (message.action === 'terminate') races.hit('stalled thread ended')
        break
    }
  }
}

function linkTo(sender: SimSender, number: number): [SimPort, LaneLink] | [undefined, undefined] {
  for (const [port, link] of sender.links) if (link.thread === number) return [port, link]
  return [undefined, undefined]
}
