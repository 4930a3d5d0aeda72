/** An AbortSignal that is made when somebody asks for it: most tasks never do. */
export class LazySignal {
  #controller: AbortController | null = null
  #aborted: { readonly reason: unknown } | null = null

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#aborted !== null) this.#controller.abort(this.#aborted.reason)
    }
    return this.#controller.signal
  }

  abort(reason: unknown): void {
    this.#aborted = { reason }
    this.#controller?.abort(reason)
  }
}
