import { constants } from 'node:os'

/** A shell's way to say which signal ended a process. */
const SIGNAL_EXIT_BASE = 128

/**
 * The first Ctrl-C, or a reader that has gone away (`npm run demo | head`), ends the demo in good order; a second one
 * ends it as it is, so that no fault in the good order can hold the user.
 */
export class Interruption {
  readonly #controller = new AbortController()
  readonly #onSignal = (name: NodeJS.Signals): void =>
    this.#interrupt(SIGNAL_EXIT_BASE + constants.signals[name])
  readonly #onOutputError = (): void => this.#interrupt(0)
  #exitCode = 0

  constructor() {
    process.on('SIGINT', this.#onSignal)
    process.on('SIGTERM', this.#onSignal)
    process.on('SIGHUP', this.#onSignal)
    process.stdout.on('error', this.#onOutputError)
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  get exitCode(): number {
    return this.#exitCode
  }

  stopListening(): void {
    process.off('SIGINT', this.#onSignal)
    process.off('SIGTERM', this.#onSignal)
    process.off('SIGHUP', this.#onSignal)
  }

  #interrupt(exitCode: number): void {
    if (this.signal.aborted && exitCode !== 0) process.exit(exitCode)
    if (!this.signal.aborted) this.#exitCode = exitCode
    this.#controller.abort()
  }
}
