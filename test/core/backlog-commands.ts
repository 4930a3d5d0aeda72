import type * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { DELAYED, HELD, OUTSIDE, READY, TIED } from '#src/core/backlog.js'
import { AGING_MS } from '#src/core/ready-queue.js'
import { CANCELED, DONE, SCHEDULED, STARTED, SUBMITTED } from '#src/core/task-state.js'
import { Awaited } from './awaited-task.js'
import {
  compare,
  expiresOf,
  goesBefore,
  isOpenTo,
  type Known,
  MOST_AWAITED,
  type Model,
  make,
  NEVER,
  type Real,
  type Wanted,
} from './backlog-model.js'

type Command = fc.Command<Model, Real>

function command(label: string, run: (model: Model, real: Real) => void): Command {
  return {
    check: () => true,
    run: (model, real) => {
      run(model, real)
      compare(model, real)
    },
    toString: () => label,
  }
}

/** One of those for which it holds, or undefined. */
function pick(model: Model, index: number, holds: (known: Known) => boolean): Known | undefined {
  const found = model.known.filter(holds)
  return found[index % Math.max(1, found.length)]
}

function isTied({ awaits, doomed }: Known): boolean {
  return awaits.size > 0 || doomed !== null
}

/** The model's side of being accepted. */
function accepted(known: Known, now: number): void {
  if (known.notBefore > now || isTied(known)) {
    known.place = DELAYED
    known.since = known.notBefore
  } else known.place = READY
}

export function add(wanted: Wanted): Command {
  return command(`add(${JSON.stringify(wanted)})`, (model, real) => {
    const known = make(model, real, wanted)
    accepted(known, real.clock.now())
    const told = real.becameReadyCount
    real.backlog.add(known.task)
    assert.is(real.becameReadyCount > told, known.place === READY)
  })
}

export function hold(wanted: Wanted): Command {
  return command(`hold(${JSON.stringify(wanted)})`, (model, real) => {
    const known = make(model, real, wanted)
    known.place = isTied(known) ? TIED : HELD
    real.backlog.hold(known.task)
  })
}

export function admit(room: number): Command {
  return command(`admit(${room})`, (model, real) => {
    const held = model.known.filter(one => one.place === HELD)
    const now = real.clock.now()
    const aged = held.some(one => now - one.since >= AGING_MS)
    let left = room
    const admitted = real.backlog.admit(() => left-- > 0)
    assert.is(admitted.length, Math.min(held.length, room))
    if (!aged) {
      held.sort((a, b) => (goesBefore(a, b) ? -1 : 1))
      assert.equal(
        admitted.map(task => task.sequence),
        held.slice(0, room).map(({ task }) => task.sequence),
      )
    }
    for (const task of admitted) accepted(model.known.find(one => one.task === task)!, now)
  })
}

export function take(count: number): Command {
  return command(`take(${count})`, (model, real) => {
    for (let i = 0; i < count; i++) {
      const now = real.clock.now()
      const able = model.known.filter(
        // Which of those that wait for a turn asks next may be a matter of age, too.
        one =>
          one.place === READY && isOpenTo(model, one) && (one.task.place === READY || !model.anyAged(now)),
      )
      const peeked = real.backlog.peek()
      able.sort((a, b) => (goesBefore(a, b) ? -1 : 1))
      assert.is(peeked?.sequence, able[0]?.task.sequence, 'the first in order')
      const task = real.backlog.take(now)
      assert.is(task === null, able.length === 0, `${able.length} could be taken`)
      if (task === null) return
      const known = able.find(one => one.task === task)
      assert.ok(known !== undefined, `task ${task.sequence} could not be taken`)
      const isAged = known.deadline === NEVER && now - known.since >= AGING_MS
      assert.ok(known === able[0] || isAged, `task ${task.sequence} is neither the first nor aged`)
      known.place = OUTSIDE
      known.out = true
      known.hasTurn = known.key !== null
    }
  })
}

function send(known: Known): void {
  if (known.task.state === SUBMITTED) known.task.enter(SCHEDULED)
}

/** What the bridge does with a task that it takes back. */
export function putBack(index: number): Command {
  return command(`putBack(${index})`, (model, real) => {
    const known = pick(model, index, one => one.out)
    if (known === undefined) return
    if (index % 2 === 0) send(known)
    known.out = false
    known.place = READY
    if (known.attempt === 1) known.hasTurn = false
    real.backlog.putBack(known.task)
    // Its time may have run out while it was out.
    pass(model, real, 0)
  })
}

/** What the bridge does with a task whose attempt has failed, or whose thread has died. */
export function retry(index: number, pause: number | null): Command {
  return command(`retry(${index}, ${pause})`, (model, real) => {
    const known = pick(model, index, one => one.out)
    if (known === undefined) return
    const extras = known.task.rareOptions()
    send(known)
    known.task.enter(STARTED)
    known.task.enter(SCHEDULED)
    known.attempt = ++extras.attempt
    known.waitUntil = extras.waitUntil = NEVER
    known.out = false
    const now = real.clock.now()
    if (pause === null) {
      known.place = READY
      real.backlog.putBack(known.task)
    } else {
      known.notBefore = now + pause
      known.since = known.notBefore
      known.place = DELAYED
      real.backlog.delay(known.task, known.notBefore)
    }
    pass(model, real, 0)
  })
}

/** A task's outcome has been decided, wherever it is. */
export function end(index: number, sent: boolean): Command {
  return command(`end(${index}, ${sent})`, (model, real) => {
    const known = pick(model, index, one => one.out === sent && (sent || one.place !== OUTSIDE))
    if (known === undefined) return
    known.place = OUTSIDE
    known.out = false
    known.hasTurn = false
    if (sent) {
      send(known)
      known.task.enter(STARTED)
      known.task.settle(DONE, null, 0)
      real.backlog.endTurn(known.task)
    } else {
      real.backlog.remove(known.task)
      known.task.settle(CANCELED, null, 0)
    }
    real.backlog.remove(known.task)
    real.backlog.endTurn(known.task)
  })
}

/** One that others may wait for has ended, or another takes its place. */
export function endAwaited(place: number, isDone: boolean): Command {
  return command(`endAwaited(${place}, ${isDone})`, (model, real) => {
    const at = place % MOST_AWAITED
    const awaited = model.awaited[at]!
    if (awaited.isOver) {
      model.awaited[at] = new Awaited(awaited.id + MOST_AWAITED)
      return
    }
    const now = real.clock.now()
    const before = real.forsakenTasks.length
    const told = real.becameReadyCount
    awaited.end(isDone)
    const forsaken = new Set(real.forsakenTasks.slice(before))
    let released = 0
    for (const known of model.known) {
      if (known.place === OUTSIDE || known.doomed !== null || !known.awaits.delete(awaited)) continue
      if (!isDone) {
        assert.ok(forsaken.delete(known.task), `task ${known.task.sequence} should have failed`)
        known.place = OUTSIDE
        known.hasTurn = false
      } else if (known.awaits.size === 0 && (known.place === TIED || known.notBefore <= now)) {
        known.place = known.place === TIED ? HELD : READY
        known.since = now
        known.arrival = known.task.arrival
        assert.ok(known.arrival > model.arrivals, 'its wait begins behind those that came before')
        released++
      }
    }
    assert.is(forsaken.size, 0)
    // What has left may have been the one whose turn it would have been.
    assert.ok(real.becameReadyCount >= told + released)
    model.arrivals = real.arrivals
  })
}

export function reprioritize(index: number, priority: number): Command {
  return command(`reprioritize(${index}, ${priority})`, (model, real) => {
    const known = pick(model, index, one => one.place !== OUTSIDE)
    if (known === undefined) return
    known.task.rareOptions()
    known.priority = priority
    real.backlog.reprioritize(known.task, priority)
  })
}

/** Time passes: with the timers that fall due on the way, or so that none has had a chance to fire yet. */
export function wait(time: number): Command {
  return command(`wait(${time})`, (model, real) => pass(model, real, time))
}

function pass(model: Model, real: Real, time: number): void {
  const until = real.clock.now() + time
  const before = real.ranOutTasks.length
  real.clock.runFor(time)
  const ranOut = new Set(real.ranOutTasks.slice(before))
  for (const known of model.known) {
    if (known.place === OUTSIDE) continue
    if (known.doomed !== null && expiresOf(known) > known.doomed) {
      assert.ok(real.forsakenTasks.includes(known.task), `task ${known.task.sequence} should have failed`)
      known.place = OUTSIDE
      known.hasTurn = false
    } else if (expiresOf(known) <= until) {
      assert.ok(ranOut.delete(known.task), `task ${known.task.sequence} should have run out`)
      known.place = OUTSIDE
      known.hasTurn = false
    } else if (known.place === DELAYED && known.awaits.size === 0 && known.notBefore <= until) {
      known.place = READY
      known.arrival = known.task.arrival
      assert.ok(known.arrival > model.arrivals, 'its wait begins behind those that came before its time')
    }
  }
  assert.is(ranOut.size, 0)
  model.arrivals = real.arrivals
}
