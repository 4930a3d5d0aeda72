import type { Clock } from '../core/clock.js'
import type { SpinTrials } from '../core/spin-trials.js'
import type { TaskStateGroup } from '../core/task-state.js'
import type { SenderBell } from './sender-bell.js'

/** So often the supervisor is asked for a sign of life while the sender sleeps, in milliseconds. */
const ASK_EVERY_MS = 1_000
/** So many times in a row it may be silent. It answers in no time, unless it has yet to boot on a busy machine. */
const MOST_SILENCES = 30

/** So often it is looked whether others want something, in milliseconds. */
const SERVE_EVERY_MS = 20

/** How a thread waits for a task without its event loop. */
export interface SyncWait {
  /** What it waits for. */
  readonly group: TaskStateGroup
  /** Milliseconds, or Infinity. */
  readonly timeout: number
  /** Whether that is so, as of now. */
  isOver(): boolean
}

/** As much of a bell as the sleeper needs. */
export type SleepersBell = Pick<SenderBell, 'rung' | 'sleep' | 'isUnanswered' | 'isForsaken'>

/** What the event loop does for a sender, and a blocking wait has to do in its place. */
export interface LooplessSender {
  readonly clock: Clock
  /** Sees to what others want of the thread, who do not ring the bell. Undefined where nobody wants anything. */
  readonly serve: (() => void) | undefined
  /** Sends what is to leave at the end of the turn, and does what is due. */
  hurry(): void
  /** Takes whatever has been posted to it. */
  receive(): void
  /** The instant at which something is due, or Infinity. */
  nextDue(): number
  /** Tells the supervisor of the bell, once more. */
  tellOfBell(): void
  /** Why whoever waits is not to go on waiting. */
  interruption(): Error | undefined
  /** The supervisor is gone, and nobody would ring any more. */
  forsaken(): void
}

/**
 * How a thread waits without its event loop, and sees to all that its sender is told and has to do meanwhile: it looks
 * for a while, as long as that pays, and then sleeps until its bell is rung or something is due.
 *
 * No event tells it that the supervisor's thread has died. One that can, says so; and it is asked for a sign of life
 * each second, so that no death of it is waited out for ever.
 */
export class BlockingWait {
  readonly #sender: LooplessSender
  readonly #bell: SleepersBell
  /** How often the bell had been rung when all was taken. */
  #heard: number
  #askAt = 0
  #silences = 0

  constructor(sender: LooplessSender, bell: SleepersBell) {
    this.#sender = sender
    this.#bell = bell
    // What was posted before the bell was hung has not been heard.
    this.#heard = bell.rung - 1
  }

  /**
   * Blocks the thread until it is over.
   *
   * @param spin how long it pays to look before sleeping
   * @param timeout milliseconds, or Infinity
   * @throws what interrupts the wait
   */
  until(isOver: () => boolean, spin: SpinTrials, timeout: number): void {
    const { clock } = this.#sender
    const since = clock.now()
    const end = since + timeout
    this.#askAt = since + ASK_EVERY_MS
    this.#silences = 0
    // What it looks for is the end of the wait: what else comes meanwhile says nothing of that.
    let budget = spin.next()
    for (;;) {
      this.#sender.serve?.()
      this.#sender.hurry()
      const rung = this.#bell.rung
      if (rung !== this.#heard) {
        this.#heard = rung
        this.#sender.receive()
        this.#sender.hurry()
      }
      if (this.#bell.isForsaken) this.#sender.forsaken()
      if (isOver()) {
        if (budget > 0) spin.tried(true)
        return
      }
      const why = this.#sender.interruption()
      if (why !== undefined) throw why
      const now = clock.now()
      if (now >= end) return
      const serveAt = this.#sender.serve === undefined ? end : now + SERVE_EVERY_MS
      const wakeAt = Math.min(end, this.#sender.nextDue(), this.#askAt, serveAt)
      if (budget > 0 && now - since >= budget) {
        budget = 0
        spin.tried(false)
      }
      this.#rest(rung, Math.min(since + budget, wakeAt), wakeAt)
    }
  }

  /**
   * Until the bell is rung, or something is to be done.
   *
   * @param lookUntil the instant until which it looks rather than sleeps
   * @param wakeAt the instant at which something is to be done
   */
  #rest(rung: number, lookUntil: number, wakeAt: number): void {
    const { clock } = this.#sender
    let now = clock.now()
    if (now < lookUntil) {
      do now = clock.now()
      while (now < lookUntil && this.#bell.rung === rung)
    } else if (now < wakeAt && this.#bell.rung === rung) {
      this.#bell.sleep(rung, wakeAt - now)
      now = clock.now()
    }
    if (now >= this.#askAt && this.#isSilent(now)) this.#sender.forsaken()
  }

  #isSilent(now: number): boolean {
    this.#silences = this.#bell.isUnanswered ? this.#silences + 1 : 0
    this.#askAt = now + ASK_EVERY_MS
    this.#sender.tellOfBell()
    return this.#silences >= MOST_SILENCES
  }
}
