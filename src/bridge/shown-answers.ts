import { DONE, FAILED } from '../core/task-state.js'
import { advance } from './homes.js'
import type { KeptOutcomes } from './kept-outcomes.js'
import type { HandleName } from './lending.js'
import { FLAG, FREE, INT, type TableView } from './shared-table.js'

/** A task that has ended and whose handle other threads have. */
interface Shown extends HandleName {
  readonly home: number
  /** As in its slot, which may be another task's once the answer has left. */
  verdict: number
  readonly started: number
  readonly ended: number
  /** Whether a failure is its end. */
  readonly isEnd: boolean
}

/** Answers of one connection that have not left, of tasks whose handles other threads have: those are told as well. */
export class ShownAnswers {
  readonly #table: TableView
  readonly #outcomes: KeptOutcomes
  readonly #shown = new Map<number, Shown>()

  /** @param table the sender's */
  constructor(table: TableView, outcomes: KeptOutcomes) {
    this.#table = table
    this.#outcomes = outcomes
  }

  get size(): number {
    return this.#shown.size
  }

  /** A task has been answered. Noted now, since the slot may be another task's as soon as the answer has left. */
  note(id: number, name: HandleName, verdict: number, started: number, ended: number): void {
    const home = this.#table.home(id)
    this.#table.setInt(id, INT.KEPT_FOR, home)
    this.#table.orInt(id, INT.FLAGS, FLAG.KEPT)
    const isEnd = (this.#table.int(id, INT.FLAGS) & FLAG.RETRIES) === 0
    this.#shown.set(id, { ...name, home, verdict, started, ended, isEnd })
  }

  /** Its value cannot be cloned. */
  failed(id: number): void {
    const shown = this.#shown.get(id)
    if (shown !== undefined) shown.verdict = FAILED
  }

  /** The answer has left. @param decided whether it is the outcome */
  left(id: number, decided: boolean, value: unknown): void {
    const shown = this.#shown.get(id)
    if (shown === undefined) return
    this.#shown.delete(id)
    const { home, verdict, started, ended, isEnd } = shown
    // Its slot may be free already, if its submitter has settled it with this very answer: then its home shows that.
    const isDecided =
      decided || (this.#table.state(home) === verdict && this.#table.int(home, INT.ENDED_IN) === id)
    // Decided otherwise, or to be run again: its submitter sees to it.
    const isNoEnd = !isDecided || !(isEnd || verdict === DONE)
    // Nobody has its handle any more, and the word to forget it may have come already.
    if (isNoEnd || this.#table.state(home) <= FREE) {
      this.#outcomes.over(shown)
      return
    }
    advance(this.#table, home, verdict, started, ended)
    this.#outcomes.ended(shown, { state: verdict, value, started, ended })
  }
}
