/** An operation writes up to five pages of the log: this is about half of what makes a transaction do it itself. */
const OPERATIONS = 1000
const LEAST_PAUSE_MS = 500

/**
 * Has the write-ahead log copied into the database every now and then, beside the transactions and not in one of them:
 * whoever's transaction it were would wait for milliseconds longer.
 */
export class Checkpoints {
  readonly #run: () => Promise<unknown>
  #operations = 0
  #underWay: Promise<void> | null = null
  #timer: NodeJS.Timeout | undefined
  #resting = false
  #stopped = false

  /** @param run makes one; that it fails does no harm, for the log is kept until one works */
  constructor(run: () => Promise<unknown>) {
    this.#run = run
  }

  /** So many operations more are in the log. */
  note(operations: number): void {
    this.#operations += operations
    this.#beginIfDue()
  }

  /** Begins no more, and resolves when none is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    await this.#underWay
  }

  #beginIfDue(): void {
    if (this.#stopped || this.#resting || this.#operations < OPERATIONS) return
    this.#operations = 0
    this.#resting = true
    const rest = () => {
      this.#underWay = null
      this.#timer = setTimeout(() => {
        this.#resting = false
        this.#beginIfDue()
      }, LEAST_PAUSE_MS)
      if (this.#stopped) clearTimeout(this.#timer)
    }
    this.#underWay = this.#run().then(rest, rest)
  }
}
