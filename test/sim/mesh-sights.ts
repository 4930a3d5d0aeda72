import type { Job } from '#src/bridge/job.js'
import type { HandleLent } from '#src/bridge/protocol/sender-to-supervisor.js'
import { SCHEDULED, STARTED } from '#src/core/task-state.js'
import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** Notices which of the interesting things have happened between lanes; it judges nothing. */
export class MeshSights {
  readonly #races: Races

  constructor(races: Races) {
    this.#races = races
  }

  sends(thread: SimThread, sender: SimSender, scheduler: SimScheduler): void {
    this.#races.hit('thread became a sender')
    if (thread.phase === 'leaving') this.#races.hit('thread became a sender while leaving')
    if (scheduler.isClosing) this.#races.hit('thread became a sender while closing')
    sender.notices.tap = { posted: (_, message) => this.#told(sender, message, scheduler) }
  }

  #told(sender: SimSender, message: unknown, scheduler: SimScheduler): void {
    const { type, lane } = message as { type?: string; lane?: string }
    if (type === 'lent') this.#lent(sender, message as HandleLent)
    if (type !== 'reach') return
    sender.reached.add(lane!)
    const ready = scheduler.living.filter(thread => thread.lane === lane && thread.phase === 'ready')
    if (scheduler.failedLanes.has(lane!)) this.#races.hit('reach of a lane that has failed')
    else if (ready.length === 0) this.#races.hit('reach of a lane that has no thread')
    if (ready.some(thread => thread.sender === sender)) this.#races.hit('thread connected with itself')
  }

  #lent({ lending }: SimSender, { owner, sequence, change }: HandleLent): void {
    if (change > 0) lending.push({ owner, sequence })
  }

  waits(thread: SimThread, job: Job, scheduler: SimScheduler): void {
    if (thread.isWaiting(job)) return
    const { concurrency } = scheduler.configOf(thread.lane)
    if (thread.inPlace > concurrency) this.#races.hit('went on after a wait beyond its place')
  }

  began(entry: Entry, thread: SimThread, concurrency: number): void {
    const { parent } = entry
    if (parent === null) return
    this.#races.hit('nested task began')
    if (concurrency === 1 && parent.begun.at(-1) === thread && thread.waiting > 0)
      this.#races.hit('nested task on its own thread with one place')
    let leaves = false
    for (let above: Entry | null = parent; above !== null; above = above.parent) {
      const isSame = above.task.target.lane === thread.lane
      if (!isSame) leaves = true
      else if (leaves) {
        this.#races.hit('chain back to a lane')
        if (concurrency === 1) this.#races.hit('chain back to a lane with one place')
        break
      }
    }
    if (entry.depth >= 4) this.#races.hit('nested four deep')
  }

  died(thread: SimThread, detectors: Detectors): void {
    const { sender } = thread
    if (thread.waiting > 0) this.#races.hit('thread died while its tasks wait')
    for (const { parent } of detectors.runningOn(thread)) {
      const above = parent?.begun.at(-1)
      if (above === undefined || above === thread || above.isGone) continue
      if (above.waiting > 0) this.#races.hit('thread of a nested task died under who waits for it')
    }
    if (sender === null) return
    for (const entry of sender.open) {
      const state = entry.lane.stateOf(entry.task)
      if (state === STARTED) this.#races.hit('submitter died with its nested task started')
      else if (state === SCHEDULED && entry.task.id !== 0)
        this.#races.hit('submitter died with its nested task on its way')
      else if (entry.task.id === 0) this.#races.hit('submitter died with its nested task unsent')
    }
  }

  /** The supervisor has seen that a thread has submitted what has not ended. */
  lookedAtBusy(scheduler: SimScheduler, number: number): void {
    const thread = scheduler.living.find(({ id }) => id === number)
    if (thread?.loop?.isIdle === true) this.#races.hit('kept for what it had submitted')
  }
}
