/**
 * Instants to be reminded of, earliest first. It knows no timers: its owner asks `next()` when to wake and
 * `due(now)` what is due then. Entries are cancelled by mark, and unlinked when they surface or are the majority.
 */
export interface TimerEntry<T> {
  readonly at: number
  /** What it reminds of, until it is cancelled: what is held by nobody else is not held here either. */
  value: T | undefined
  cancelled: boolean
}

export class TimerQueue<T> {
  #heap: (TimerEntry<T> & { readonly sequence: number })[] = []
  #sequence = 0
  #cancelled = 0

  /** How many reminders are set. */
  get size(): number {
    return this.#heap.length - this.#cancelled
  }

  /** @param at the instant, in monotonic milliseconds */
  add(at: number, value: T): TimerEntry<T> {
    const entry = { at, value, cancelled: false, sequence: this.#sequence++ }
    this.#heap.push(entry)
    this.#siftUp(this.#heap.length - 1)
    return entry
  }

  cancel(entry: TimerEntry<T>): void {
    if (entry.cancelled) return
    entry.cancelled = true
    entry.value = undefined
    this.#cancelled++
    if (this.#cancelled > 64 && this.#cancelled * 2 > this.#heap.length) {
      this.#heap = this.#heap.filter(held => !held.cancelled)
      this.#cancelled = 0
      for (let i = (this.#heap.length >> 1) - 1; i >= 0; i--) this.#siftDown(i)
    }
  }

  /** The earliest instant, or Infinity. */
  next(): number {
    this.#dropCancelled()
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  /** Takes the earliest entry that is due at `now`, or undefined. */
  due(now: number): T | undefined {
    this.#dropCancelled()
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    this.#removeFirst()
    // So that cancelling what has already been taken changes nothing.
    first.cancelled = true
    return first.value
  }

  #dropCancelled(): void {
    while (this.#heap[0]?.cancelled === true) {
      this.#removeFirst()
      this.#cancelled--
    }
  }

  #removeFirst(): void {
    const last = this.#heap.pop()!
    if (this.#heap.length === 0) return
    this.#heap[0] = last
    this.#siftDown(0)
  }

  #before(a: number, b: number): boolean {
    const x = this.#heap[a]!
    const y = this.#heap[b]!
    return x.at === y.at ? x.sequence < y.sequence : x.at < y.at
  }

  #swap(a: number, b: number): void {
    const held = this.#heap[a]!
    this.#heap[a] = this.#heap[b]!
    this.#heap[b] = held
  }

  #siftUp(start: number): void {
    let index = start
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#before(index, parent)) return
      this.#swap(index, parent)
      index = parent
    }
  }

  #siftDown(start: number): void {
    let index = start
    for (;;) {
      let least = index
      const left = index * 2 + 1
      if (left < this.#heap.length && this.#before(left, least)) least = left
      if (left + 1 < this.#heap.length && this.#before(left + 1, least)) least = left + 1
      if (least === index) return
      this.#swap(index, least)
      index = least
    }
  }
}
