/** What clients were promised, and what of it they have seen broken. */
export class Ledger {
  readonly acknowledged = new Set<string>()
  readonly sightings: string[] = []
  readonly tally: Record<string, number> = {}
  /** The jobs that requests without a key, which got no answer, would have made. */
  unanswered = 0
  readonly #recent: string[] = []
  readonly #finals = new Map<string, string>()
  readonly #keys = new Map<string, readonly string[]>()

  count(what: string): void {
    this.tally[what] = (this.tally[what] ?? 0) + 1
  }

  /** A 2xx has named these jobs. @param key under which they were asked for, if any */
  promised(ids: readonly string[], key?: string): void {
    for (const id of ids) this.acknowledged.add(id)
    this.#recent.push(...ids)
    if (this.#recent.length > 500) this.#recent.splice(0, 250)
    if (key === undefined) {
      this.count('acknowledged requests')
      return
    }
    const earlier = this.#keys.get(key)
    this.#keys.set(key, ids)
    this.count(earlier === undefined ? 'acknowledged requests with a key' : 'repeated keys')
    if (earlier !== undefined && earlier.join() !== ids.join()) {
      this.sightings.push(`key ${key} was for ${earlier.join()} and is now for ${ids.join()}`)
    }
  }

  /** A job that was acknowledged was asked for. @param isKnown whether the daemon knew it */
  looked(id: string, isKnown: boolean): void {
    this.count('looks')
    if (!isKnown) this.sightings.push(`${id} was acknowledged and is not known`)
  }

  /** A job's state, as it was shown. */
  shown(id: string, state: string, isFinal: boolean): void {
    const final = this.#finals.get(id)
    if (final !== undefined && final !== state) this.sightings.push(`${id} was ${final} and is now ${state}`)
    if (isFinal) this.#finals.set(id, state)
  }

  /** The jobs acknowledged last. */
  get recent(): readonly string[] {
    return this.#recent
  }
}
