/**
 * What may run next, in order: greater priority first, then earlier deadline, then arrival.
 *
 * A FIFO chain per priority holds what has no deadline, since that is nearly everything and a chain costs two
 * pointers a task. A heap is paid for by those with a deadline alone, and by the few whose arrival belongs into the
 * middle of the chain: their priority was changed, or they were put back. Each lets an item go in constant or
 * logarithmic time, so a million cancels cost a million small steps and keep nothing alive.
 *
 * *Aging.* A strict order starves the last in it for as long as others keep coming. So an item without a deadline that
 * has waited `AGING_MS` is aged, and every `AGED_EVERY`th item taken is the oldest aged one, if there is any.
 * The bound: an aged item with k older ones before it is taken after at most `AGED_EVERY` · (k + 1) others. An item
 * with a deadline does not age: its deadline bounds its wait. Within `AGING_MS` the order is exact.
 * A task waits in two such queues, its sender's and its thread's, and keeps its age: on a lane of n threads it starts
 * after at most n · (2 · `AGED_EVERY` · (k + 1) + w) others, w being the most that one thread has been sent.
 *
 * A queue may be made without aging, for an order that is to be strict however long something waits: that of the web
 * platform's `postTask` is (https://wicg.github.io/scheduling-apis/, "effective priority"). Each of its three priorities is two
 * of these, the greater for continuations.
 */
export interface Queueable<T> {
  /** The neighbours of the item in its chain. They belong to the queue while the item is in it. */
  next: T | null
  previous: T | null
  /** Where the item is in its heap, from 1 on; 0 if it is in none. Belongs to the queue, too. */
  position: number
  /** Grows with each item that comes; no two are alike. */
  readonly arrival: number
  /** The instant at which the item began to wait. */
  readonly since: number
  readonly priority: number
  /** An instant, or Infinity. */
  readonly deadline: number
}

/** How long an item waits before it is aged, in milliseconds. */
export const AGING_MS = 1_000
/** One of so many items taken is an aged one, if there is any. */
export const AGED_EVERY = 8

const KEPT_LEVELS = 8

class Level<T extends Queueable<T>> {
  readonly priority: number
  readonly byDeadline: T[] = []
  /** Those without a deadline that belong neither before nor behind the chain. */
  readonly late: T[] = []
  head: T | null = null
  tail: T | null = null

  constructor(priority: number) {
    this.priority = priority
  }

  get isEmpty(): boolean {
    return this.head === null && this.byDeadline.length === 0 && this.late.length === 0
  }

  /** The first in order. */
  get first(): T | null {
    return this.byDeadline[0] ?? this.oldest
  }

  /** The first to have come of those without a deadline. */
  get oldest(): T | null {
    const late = this.late[0]
    if (late === undefined) return this.head
    return this.head === null || late.arrival < this.head.arrival ? late : this.head
  }
}

/** Whether `a` goes before `b`. */
export function goesBefore<T extends Queueable<T>>(a: T, b: T): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority
  return a.deadline === b.deadline ? a.arrival < b.arrival : a.deadline < b.deadline
}

/** Whether an item has waited so long that it may go before what is ahead of it in order. */
export function isAged<T extends Queueable<T>>(item: T, now: number): boolean {
  return item.deadline === Number.POSITIVE_INFINITY && now - item.since >= AGING_MS
}

export class ReadyQueue<T extends Queueable<T>> {
  /** Sorted, the greatest priority first. The common case is one level. */
  readonly #levels: Level<T>[] = []
  #size = 0
  readonly #ages: boolean
  /** Items taken since an aged one was last looked for. */
  #taken = 0

  /** @param ages whether what has waited for long may go before what is ahead of it in order */
  constructor(ages = true) {
    this.#ages = ages
  }

  get size(): number {
    return this.#size
  }

  /** Adds an item: where its arrival belongs, which is the end for one that has just come. */
  push(item: T): void {
    const level = this.#level(item.priority)
    this.#size++
    if (item.deadline !== Number.POSITIVE_INFINITY) {
      heapPush(level.byDeadline, item)
      return
    }
    if (level.tail === null || level.tail.arrival < item.arrival) link(level, item, level.tail, null)
    else if (item.arrival < level.head!.arrival) link(level, item, null, level.head)
    else heapPush(level.late, item)
  }

  /** Puts back what was taken and could not be used: if it was taken for its age, the next to be taken is so too. */
  untake(item: T): void {
    this.push(item)
    this.#taken = AGED_EVERY - 1
  }

  /** The first in order, aging left aside, or null. */
  peek(): T | null {
    for (const level of this.#levels) {
      const { first } = level
      if (first !== null) return first
    }
    return null
  }

  /**
   * Takes the next item, or null.
   *
   * @param now the present instant, by which items are aged
   */
  pop(now: number): T | null {
    if (this.#size === 0) return null
    let item: T | null = null
    if (this.#ages && ++this.#taken >= AGED_EVERY) {
      this.#taken = 0
      item = this.#oldestAged(now)
    }
    if (item === null) return this.#takeFirst()
    this.remove(item)
    return item
  }

  /** There is one. */
  #takeFirst(): T {
    for (let index = 0; ; index++) {
      const level = this.#levels[index]!
      const { first } = level
      if (first === null) continue
      this.#removeFrom(level, index, first)
      return first
    }
  }

  /** The aged item that has waited longest, or null; of each level the first to have come is the oldest. */
  #oldestAged(now: number): T | null {
    let oldest: T | null = null
    for (const level of this.#levels) {
      const item = level.oldest
      if (item !== null && (oldest === null || item.since < oldest.since)) oldest = item
    }
    return oldest !== null && isAged(oldest, now) ? oldest : null
  }

  /** Takes an item out that is in the queue. Its priority and deadline must be what they were when it came. */
  remove(item: T): void {
    const index = this.#indexOf(item.priority)
    this.#removeFrom(this.#levels[index]!, index, item)
  }

  #removeFrom(level: Level<T>, index: number, item: T): void {
    if (item.deadline !== Number.POSITIVE_INFINITY) heapRemove(level.byDeadline, item)
    else if (item.position > 0) heapRemove(level.late, item)
    else unlink(level, item)
    this.#size--
    // A few empty levels are kept, since they fill again; many would be walked past by every push and pop.
    if (level.isEmpty && this.#levels.length > KEPT_LEVELS) this.#levels.splice(index, 1)
  }

  /** Every item, in no particular order. */
  *[Symbol.iterator](): Generator<T> {
    for (const level of this.#levels) {
      yield* level.byDeadline
      yield* level.late
      for (let item = level.head; item !== null; item = item.next) yield item
    }
  }

  #level(priority: number): Level<T> {
    const index = this.#indexOf(priority)
    const found = this.#levels[index]
    if (found !== undefined && found.priority === priority) return found
    const level = new Level<T>(priority)
    this.#levels.splice(index, 0, level)
    return level
  }

  /** Where the level of a priority is, or belongs. */
  #indexOf(priority: number): number {
    const levels = this.#levels
    let low = 0
    let high = levels.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (levels[middle]!.priority > priority) low = middle + 1
      else high = middle
    }
    return low
  }
}

function link<T extends Queueable<T>>(level: Level<T>, item: T, before: T | null, after: T | null): void {
  item.previous = before
  item.next = after
  if (before === null) level.head = item
  else before.next = item
  if (after === null) level.tail = item
  else after.previous = item
}

function unlink<T extends Queueable<T>>(level: Level<T>, item: T): void {
  const { previous, next } = item
  if (previous === null) level.head = next
  else previous.next = next
  if (next === null) level.tail = previous
  else next.previous = previous
  item.previous = null
  item.next = null
}

function heapPush<T extends Queueable<T>>(heap: T[], item: T): void {
  heap.push(item)
  siftUp(heap, item, heap.length - 1)
}

function heapRemove<T extends Queueable<T>>(heap: T[], item: T): void {
  const index = item.position - 1
  item.position = 0
  const last = heap.pop()!
  if (last === item) return
  if (goesBefore(last, item)) siftUp(heap, last, index)
  else siftDown(heap, last, index)
}

function siftUp<T extends Queueable<T>>(heap: T[], item: T, start: number): void {
  let index = start
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!goesBefore(item, heap[parent]!)) break
    place(heap, heap[parent]!, index)
    index = parent
  }
  place(heap, item, index)
}

function siftDown<T extends Queueable<T>>(heap: T[], item: T, start: number): void {
  let index = start
  for (let child = index * 2 + 1; child < heap.length; child = index * 2 + 1) {
    if (child + 1 < heap.length && goesBefore(heap[child + 1]!, heap[child]!)) child++
    if (!goesBefore(heap[child]!, item)) break
    place(heap, heap[child]!, index)
    index = child
  }
  place(heap, item, index)
}

function place<T extends Queueable<T>>(heap: T[], item: T, index: number): void {
  heap[index] = item
  item.position = index + 1
}
