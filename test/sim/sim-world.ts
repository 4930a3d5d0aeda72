import type { Clock } from '#src/core/clock.js'
import type { Timers } from '#src/core/reminders.js'
import { TimerQueue } from '#src/core/timer-queue.js'
import { Random } from '../support/random.js'
import { type Actor, Died } from './sim-actor.js'
import type { SimPort } from './sim-port.js'

/** The step at which whoever comes there dies, once so many have been spared there. */
export interface Fate {
  readonly step: string
  readonly spared: number
}

/** Where the library calls code of its users. */
export const CALL_SITES = [
  'a callback',
  'an argument',
  'a result',
  'an abort listener',
  'an iterator',
  'a report',
] as const
export type CallSite = (typeof CALL_SITES)[number]

interface Call {
  readonly actor: Actor
  readonly call: () => void
  cancelled: boolean
}

/** So deep may threads be interrupted by each other. */
const MOST_DEEP = 3

/**
 * All that happens by itself: messages on their way, calls put off, timers. Each step lets one of them happen, and the
 * seed decides which, so one seed is one run. Within a port, order is kept; between ports there is none.
 *
 * Every piece of code runs as one of the actors. At its protocol steps (`reach`) an actor may die, and others may run
 * meanwhile, as they would on other cores: each is on the stack at most once, so nobody is interrupted by themselves.
 */
export class SimWorld implements Clock {
  readonly random: Random
  /** Whose code runs. */
  current: Actor | null = null
  /** How likely others are to run at a protocol step. */
  interleaving = 0.1
  /** What has been found wrong first. Kept, since the code under test may catch what a detector throws. */
  violation: Error | null = null
  /** How many things have happened. */
  steps = 0
  /** Where those have come that may die. */
  readonly mortalSteps = new Set<string>()
  /** Where somebody is to die, beside those who die of their own. */
  fate: Fate | null = null
  readonly #unsettled: Actor[] = []
  /** Told of each death, and of where it was. */
  onDeath: (actor: Actor, at: string) => void = () => {}
  /** How likely a batch cannot be read. */
  unreadable = 0
  /** What users' code does where it is called; null if it does nothing. */
  usersCode: ((site: CallSite) => void) | null = null
  /** Told when nothing is left to happen before the next timer. */
  onQuiet: () => void = () => {}
  #now = 1000
  #depth = 0
  readonly #ports: SimPort[] = []
  readonly #calls: Call[] = []
  readonly #timers = new TimerQueue<Call>()

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  /** Whether somebody is in the middle of something. */
  get isBusy(): boolean {
    return this.#depth > 0
  }

  now(): number {
    return this.#now
  }

  advance(by: number): void {
    this.#now += by
  }

  /** The port has something to deliver. */
  posted(port: SimPort): void {
    if (port.listed || port.actor.dead) return
    port.listed = true
    this.#ports.push(port)
  }

  later(actor: Actor, call: () => void): void {
    this.#calls.push({ actor, call, cancelled: false })
  }

  timersOf(actor: Actor): Timers {
    return {
      after: (delay, call) => {
        const due: Call = { actor, call, cancelled: false }
        const entry = this.#timers.add(this.#now + delay, due)
        return () => {
          due.cancelled = true
          this.#timers.cancel(entry)
        }
      },
    }
  }

  /** Runs code of an actor; what is left of it when it dies is not run. */
  run(actor: Actor, call: () => void): void {
    if (actor.dead) return
    const before = this.current
    this.current = actor
    actor.running = true
    this.#depth++
    try {
      call()
    } catch (error) {
      if (!(error instanceof Died)) throw error
    } finally {
      this.#depth--
      actor.running = false
      this.current = before
    }
  }

  /** Whether nobody's code is interrupted by the one that runs. */
  get isAlone(): boolean {
    return this.#depth === 1
  }

  /** An actor has settled promises, which are to be told of before it does anything else. */
  unsettle(actor: Actor): void {
    actor.unsettled = true
    this.#unsettled.push(actor)
  }

  /** All promises have been told of. */
  settled(): void {
    for (const actor of this.#unsettled.splice(0)) actor.unsettled = false
  }

  /** The present actor comes to a protocol step: it may die of a fault here, and others may run. */
  reach(what: string, interleaving = this.interleaving): void {
    const actor = this.current
    if (actor === null) return
    this.endure(actor, what)
    if (this.#depth <= MOST_DEEP && this.random.next() < interleaving)
      this.meanwhile(1 + this.random.below(3))
    if (actor.dead) throw new Died()
  }

  /** The present actor does something by itself alone, and may die of a fault there. */
  endure(actor: Actor, what: string): void {
    if (actor.dead) throw new Died()
    if (actor.isMortal) this.mortalSteps.add(what)
    if (--actor.doom > 0 && !(actor.isMortal && this.#isFatal(what))) return
    this.onDeath(actor, what)
    actor.die()
    throw new Died()
  }

  #isFatal(step: string): boolean {
    const { fate } = this
    if (fate?.step !== step) return false
    this.fate = fate.spared > 0 ? { step, spared: fate.spared - 1 } : null
    return this.fate === null
  }

  /** Lets others go on while the present actor is where it is. */
  meanwhile(steps: number): void {
    if (this.#depth > MOST_DEEP) return
    for (let i = 0; i < steps && this.violation === null; i++) this.step(this.#now)
  }

  /** Lets one thing happen; returns false if there is nothing but timers, and none of those before `horizon`. */
  step(horizon = Number.POSITIVE_INFINITY): boolean {
    this.steps++
    const { random } = this
    for (;;) {
      this.#collectDue()
      const next = this.#timers.next()
      const chosen = this.#choose()
      if (chosen === null) {
        if (this.#depth === 0) this.onQuiet()
        if (next > horizon || next === Number.POSITIVE_INFINITY) return false
        this.#now = Math.max(this.#now, next)
        continue
      }
      if (next <= horizon && next < Number.POSITIVE_INFINITY && random.next() < 0.05) {
        this.#now = Math.max(this.#now, next)
        this.#collectDue()
      } else if (random.next() < 0.3) this.#now += random.next() * 0.2
      if ('call' in chosen) this.run(chosen.actor, chosen.call)
      else this.run(chosen.actor, () => chosen.deliver())
      return true
    }
  }

  #collectDue(): void {
    for (let due = this.#timers.due(this.#now); due !== undefined; due = this.#timers.due(this.#now)) {
      this.#calls.push(due)
    }
  }

  /** Something that can happen now: of an actor that is neither on the stack nor held up. */
  #choose(): SimPort | Call | null {
    const ports = this.#ports
    const calls = this.#calls
    for (;;) {
      const count = ports.length + calls.length
      if (count === 0) return null
      const start = this.random.below(count)
      let removed = false
      let late: SimPort | null = null
      for (let i = 0; i < count; i++) {
        const at = (start + i) % count
        if (at < ports.length) {
          const port = ports[at]!
          if (port.actor.dead || !port.ready) {
            port.listed = false
            swapOut(ports, at)
            removed = true
            break
          }
          if (!port.actor.canRun) continue
          if (late !== null || port.lag === 0 || this.random.next() >= port.lag) return port
          late = port
          continue
        }
        const call = calls[at - ports.length]!
        if (call.cancelled || call.actor.dead) {
          swapOut(calls, at - ports.length)
          removed = true
          break
        }
        if (!call.actor.canRun) continue
        swapOut(calls, at - ports.length)
        return call
      }
      if (!removed) return late
    }
  }
}

function swapOut<T>(list: T[], at: number): void {
  const last = list.pop()!
  if (at < list.length) list[at] = last
}
