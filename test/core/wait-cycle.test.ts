import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { cycleClosedBy, type Waiting } from '#src/core/wait-cycle.js'

const test = suite('core: the search for a cycle of waits')

/** Counts every wait that is looked at, from either side. */
class Counting implements Waiting<Counting> {
  static looked = 0
  readonly #awaited: Counting[] = []
  readonly #waiters: Counting[] = []

  waitFor(awaited: Counting): void {
    this.#awaited.push(awaited)
    awaited.#waiters.push(this)
  }

  *awaited(): Generator<Counting> {
    for (const one of this.#awaited) yield counted(one)
  }

  *waiters(): Generator<Counting> {
    for (const one of this.#waiters) yield counted(one)
  }
}

function counted(one: Counting): Counting {
  Counting.looked++
  return one
}

function chain(length: number): Counting[] {
  const all = Array.from({ length }, () => new Counting())
  for (let place = 1; place < length; place++) all[place - 1]!.waitFor(all[place]!)
  return all
}

function looksFor(waiter: Counting, awaited: Counting): number {
  Counting.looked = 0
  assert.is(cycleClosedBy(waiter, awaited), null)
  return Counting.looked
}

test('it costs no more than the shorter side, however much there is on the other', () => {
  const hub = new Counting()
  for (let i = 0; i < 10_000; i++) new Counting().waitFor(hub)
  assert.ok(looksFor(hub, chain(4)[0]!) <= 7)
  const long = chain(10_000)
  assert.ok(looksFor(chain(4).at(-1)!, long[0]!) <= 8)
  assert.is(looksFor(hub, new Counting()), 0)
  assert.ok(looksFor(new Counting(), long[0]!) <= 1)
})

test('through many diamonds one behind another, of which there are a million ways, each wait is looked at once', () => {
  let end = new Counting()
  const first = end
  for (let i = 0; i < 20; i++) {
    const [left, right, next] = [new Counting(), new Counting(), new Counting()]
    end.waitFor(left)
    end.waitFor(right)
    left.waitFor(next)
    right.waitFor(next)
    end = next
  }
  const waiter = chain(200).at(-1)!
  assert.ok(looksFor(waiter, first) <= 2 * 80)
  Counting.looked = 0
  const cycle = cycleClosedBy(end, first)!
  assert.is(cycle.length, 41)
  assert.ok(Counting.looked <= 80)
})

test.run()
