/**
 * What may run next, in order: greater priority first, then earlier deadline, then arrival.
 *
 * A FIFO chain per priority holds what has no deadline, since that is nearly everything and a chain costs one
 * pointer a task; only tasks with a deadline pay for a heap. Removal is by mark: the owner makes an item dead
 * and calls `discard()`, which unlinks the marked ones once they are half of what is held, so that a million
 * cancels cost a million constant steps and keep nothing alive.
 */
export interface Queueable<T> {
  /** The item behind this one in its chain. Belongs to the queue while the item is in it. */
  next: T | null
  readonly sequence: number
  readonly priority: number
  /** An instant, or Infinity. */
  readonly deadline: number
  /** Whether the item has been removed and is only to be skipped. */
  readonly dead: boolean
}

const KEPT_LEVELS = 8

class Level<T extends Queueable<T>> {
  readonly priority: number
  readonly byDeadline: T[] = []
  head: T | null = null
  tail: T | null = null

  constructor(priority: number) {
    this.priority = priority
  }
}

export class ReadyQueue<T extends Queueable<T>> {
  /** Sorted, the greatest priority first. The common case is one level. */
  readonly #levels: Level<T>[] = []
  #size = 0
  #dead = 0

  /** How many live items wait. */
  get size(): number {
    return this.#size
  }

  push(item: T): void {
    const level = this.#level(item.priority)
    this.#size++
    if (item.deadline !== Number.POSITIVE_INFINITY) {
      heapPush(level.byDeadline, item)
      return
    }
    item.next = null
    if (level.tail === null) level.head = item
    else level.tail.next = item
    level.tail = item
  }

  /** Puts an item taken earlier back where its sequence number belongs: before all that came after it. */
  restore(item: T): void {
    const level = this.#level(item.priority)
    this.#size++
    if (item.deadline !== Number.POSITIVE_INFINITY) {
      heapPush(level.byDeadline, item)
      return
    }
    let before: T | null = null
    let after = level.head
    while (after !== null && after.sequence < item.sequence) {
      before = after
      after = after.next
    }
    item.next = after
    if (before === null) level.head = item
    else before.next = item
    if (after === null) level.tail = item
  }

  /** Takes the first live item, or null. */
  pop(): T | null {
    for (let i = 0; i < this.#levels.length; ) {
      const level = this.#levels[i]!
      const item = this.#popFrom(level)
      // A few empty levels are kept, since they fill again; many would be walked past by every push and pop.
      const isEmpty = level.head === null && level.byDeadline.length === 0
      if (isEmpty && this.#levels.length > KEPT_LEVELS) this.#levels.splice(i, 1)
      else i++
      if (item !== null) return this.#taken(item)
    }
    return null
  }

  #popFrom(level: Level<T>): T | null {
    while (level.byDeadline.length > 0) {
      const item = heapPop(level.byDeadline)
      if (!item.dead) return item
      this.#dead--
    }
    while (level.head !== null) {
      const item: T = level.head
      level.head = item.next
      if (level.head === null) level.tail = null
      item.next = null
      if (!item.dead) return item
      this.#dead--
    }
    return null
  }

  /** Counts an item that its owner has just made dead. */
  discard(): void {
    this.#size--
    this.#dead++
    if (this.#dead > 64 && this.#dead > this.#size) this.#sweep()
  }

  /** Every live item, in no particular order. */
  *[Symbol.iterator](): Generator<T> {
    for (const level of this.#levels) {
      for (const item of level.byDeadline) if (!item.dead) yield item
      for (let item = level.head; item !== null; item = item.next) if (!item.dead) yield item
    }
  }

  #taken(item: T): T {
    this.#size--
    return item
  }

  #level(priority: number): Level<T> {
    const levels = this.#levels
    let index = 0
    for (; index < levels.length; index++) {
      const level = levels[index]!
      if (level.priority === priority) return level
      if (level.priority < priority) break
    }
    const level = new Level<T>(priority)
    levels.splice(index, 0, level)
    return level
  }

  #sweep(): void {
    for (let i = this.#levels.length - 1; i >= 0; i--) {
      const level = this.#levels[i]!
      const live = level.byDeadline.filter(item => !item.dead)
      level.byDeadline.length = 0
      for (const item of live) heapPush(level.byDeadline, item)
      let tail: T | null = null
      let item = level.head
      level.head = null
      while (item !== null) {
        const next: T | null = item.next
        item.next = null
        if (!item.dead) {
          if (tail === null) level.head = item
          else tail.next = item
          tail = item
        }
        item = next
      }
      level.tail = tail
      if (tail === null && live.length === 0) this.#levels.splice(i, 1)
    }
    this.#dead = 0
  }
}

function earlier<T extends Queueable<T>>(a: T, b: T): boolean {
  return a.deadline === b.deadline ? a.sequence < b.sequence : a.deadline < b.deadline
}

function heapPush<T extends Queueable<T>>(heap: T[], item: T): void {
  let index = heap.length
  heap.push(item)
  while (index > 0) {
    const parent = (index - 1) >> 1
    if (!earlier(item, heap[parent]!)) break
    heap[index] = heap[parent]!
    index = parent
  }
  heap[index] = item
}

function heapPop<T extends Queueable<T>>(heap: T[]): T {
  const top = heap[0]!
  const last = heap.pop()!
  const length = heap.length
  if (length > 0) {
    let index = 0
    for (let child = 1; child < length; child = index * 2 + 1) {
      if (child + 1 < length && earlier(heap[child + 1]!, heap[child]!)) child++
      if (!earlier(heap[child]!, last)) break
      heap[index] = heap[child]!
      index = child
    }
    heap[index] = last
  }
  return top
}
