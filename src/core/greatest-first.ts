/** Something with a weight, that can be taken out wherever it is. */
export interface Weighed {
  /** Not NaN. Belongs to the heap while the item is in it. */
  weight: number
  /** Where the item is in the heap. Belongs to the heap, too. */
  position: number
}

/**
 * Things by weight, of which the greatest weight is always known. One comes, goes or changes its weight in logarithmic
 * time, the greatest included, so that ten thousand of them can go one by one.
 */
export class GreatestFirst<T extends Weighed> {
  readonly #items: T[] = []

  get size(): number {
    return this.#items.length
  }

  /** The greatest weight; -Infinity if there is nothing. */
  get greatest(): number {
    return this.#items[0]?.weight ?? Number.NEGATIVE_INFINITY
  }

  add(item: T): void {
    this.#items.push(item)
    this.#rise(item, this.#items.length - 1)
  }

  /** Takes an item out that is in here. */
  remove(item: T): void {
    const last = this.#items.pop()!
    if (last === item) return
    if (last.weight > item.weight) this.#rise(last, item.position)
    else this.#sink(last, item.position)
  }

  /** Gives an item another weight that is in here. */
  reweigh(item: T, weight: number): void {
    const before = item.weight
    item.weight = weight
    if (weight > before) this.#rise(item, item.position)
    else this.#sink(item, item.position)
  }

  /** Every item, in no particular order. */
  [Symbol.iterator](): Iterator<T> {
    return this.#items.values()
  }

  #rise(item: T, from: number): void {
    let index = from
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = this.#items[parent]!
      if (above.weight >= item.weight) break
      this.#place(above, index)
      index = parent
    }
    this.#place(item, index)
  }

  #sink(item: T, from: number): void {
    const items = this.#items
    let index = from
    for (let child = index * 2 + 1; child < items.length; child = index * 2 + 1) {
      if (child + 1 < items.length && items[child + 1]!.weight > items[child]!.weight) child++
      const below = items[child]!
      if (below.weight <= item.weight) break
      this.#place(below, index)
      index = child
    }
    this.#place(item, index)
  }

  #place(item: T, index: number): void {
    this.#items[index] = item
    item.position = index
  }
}
