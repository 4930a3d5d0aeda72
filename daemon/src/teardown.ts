/** What has been opened, to be closed in the opposite order, also if opening stops half-way. */
export class Teardown {
  readonly #steps: { readonly what: string; readonly close: () => unknown }[] = []
  readonly #onTrouble: (error: unknown, what: string) => void

  /** @param onTrouble told of a step that fails; the others are taken all the same */
  constructor(onTrouble: (error: unknown, what: string) => void) {
    this.#onTrouble = onTrouble
  }

  /** @param what is being closed, for the report of a failure */
  add(what: string, close: () => unknown): void {
    this.#steps.push({ what, close })
  }

  async run(): Promise<void> {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.close()
      } catch (error) {
        this.#onTrouble(error, `closing ${step.what}`)
      }
    }
  }
}
