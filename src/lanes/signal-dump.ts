import type { SignalName } from './sight-options.js'

/** Writes to standard error whenever a signal comes. Node's listeners for signals do not hold the process. */
export class SignalDump {
  readonly #signal: SignalName | undefined
  readonly #text: () => string
  #isListening = false

  /** @param signal none: then nothing is ever listened for */
  constructor(signal: SignalName | undefined, text: () => string) {
    this.#signal = signal
    this.#text = text
  }

  listen(): void {
    if (this.#signal === undefined || this.#isListening) return
    this.#isListening = true
    process.on(this.#signal, this.#dump)
  }

  stop(): void {
    if (this.#signal === undefined || !this.#isListening) return
    this.#isListening = false
    process.off(this.#signal, this.#dump)
  }

  readonly #dump = (): void => {
    process.stderr.write(this.#text())
  }
}
