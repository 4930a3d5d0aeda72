import { type Port, UNREADABLE } from '#src/bridge/port.js'
import type { Actor } from './sim-actor.js'
import type { SimWorld } from './sim-world.js'

/** Who looks at what goes over a port. */
export interface PortTap {
  posted(from: SimPort, message: unknown): void
  /** It is about to be dealt with. @param polled whether it was taken without the event loop */
  taken?(at: SimPort, message: unknown, polled: boolean): void
  /** It could not be read. */
  unread?(at: SimPort, batch: readonly unknown[]): void
  /** It was posted on a port that was closed at this end, or that a fault has closed at the other, and nobody will see it. */
  lost?(from: SimPort, message: unknown): void
}

/** A message, and the ends of other channels that it brings. */
interface Posted {
  readonly message: unknown
  readonly ends: readonly SimPort[]
}

/** One end of a simulated channel. Its messages are delivered when the world lets them be. */
export class SimPort implements Port {
  readonly world: SimWorld
  /** Whose end it is. */
  actor: Actor
  /** How likely it is to be passed over when it could deliver. */
  lag = 0
  /** Whether the world knows that it has something to deliver. */
  listed = false
  tap: PortTap | null = null
  /** Whatever its user's side keeps with it. */
  peer!: SimPort
  readonly #inbox: Posted[] = []
  readonly #endOf: (posted: object) => SimPort | undefined
  #onMessage: ((message: unknown) => void) | null = null
  #onClose: (() => void) | null = null
  #open = true
  #closing = false
  #isBroken = false

  private constructor(world: SimWorld, actor: Actor, endOf: (posted: object) => SimPort | undefined) {
    this.world = world
    this.actor = actor
    this.#endOf = endOf
  }

  /** @param endOf the end of another channel that something is which is handed over */
  static pair(
    world: SimWorld,
    one: Actor,
    other: Actor,
    endOf: (posted: object) => SimPort | undefined = () => undefined,
  ): [SimPort, SimPort] {
    const near = new SimPort(world, one, endOf)
    const far = new SimPort(world, other, endOf)
    near.peer = far
    far.peer = near
    return [near, far]
  }

  /** Whether its own side has closed it. */
  isClosedHere = false

  post(message: unknown, transfer: readonly object[] = []): void {
    const { world } = this
    if (world.current === this.actor) world.reach(stepOf(message).posted)
    const copy = cloneOf(message, transfer)
    // The promises of an actor that is dead are settled all the same, and nothing is to come of it.
    if (this.actor.dead) return
    const ends = transfer.flatMap(one => this.#endOf(one) ?? [])
    if (!this.#open) {
      for (const end of ends) end.close()
      this.tap?.lost?.(this, message)
      return
    }
    this.peer.#receive({ message: copy, ends })
    this.tap?.posted(this, message)
    // It is posted: whoever dies now dies of the next thing they do.
    if (world.current === this.actor && this.actor.doom <= 2) this.actor.doom = 1
  }

  #receive(posted: Posted): void {
    if (!this.#open) {
      this.#lose(posted)
      return
    }
    this.#inbox.push(posted)
    if (this.#onMessage !== null) this.world.posted(this)
  }

  take(): { readonly message: unknown } | undefined {
    const next = this.#inbox.shift()
    if (next === undefined) return undefined
    return { message: this.#read(next, true) }
  }

  #read({ message }: Posted, polled: boolean): unknown {
    const { unreadable } = this.world
    if (Array.isArray(message) && unreadable > 0 && this.world.random.chance(unreadable)) {
      this.tap?.unread?.(this, message)
      return UNREADABLE
    }
    this.tap?.taken?.(this, message, polled)
    return message
  }

  listen(onMessage: (message: unknown) => void, onClose: () => void): void {
    this.#onMessage = onMessage
    this.#onClose = onClose
    if (this.ready) this.world.posted(this)
  }

  hold(): void {}

  close(): void {
    this.isClosedHere = true
    if (!this.#open) return
    this.#open = false
    this.#closing = true
    // What is lost on its way here is closed, as if whoever it was for had done it.
    for (const posted of this.#inbox.splice(0)) this.#lose(posted)
    this.world.posted(this)
    const { peer } = this
    if (!peer.#open) return
    peer.#closing = true
    this.world.posted(peer)
  }

  /** Closes it for no reason, with what is on its way here. */
  break(): void {
    this.#isBroken = true
    this.close()
  }

  #lose({ message, ends }: Posted): void {
    for (const end of ends) end.close()
    if (this.#isBroken) this.peer.tap?.lost?.(this.peer, message)
  }

  /** Whether `deliver` would do anything. */
  get ready(): boolean {
    return this.#onMessage !== null && (this.#inbox.length > 0 || this.#closing)
  }

  /** Hands over the next message, or the end of the port after the last one. */
  deliver(): void {
    if (this.#inbox.length > 0) {
      this.world.reach(stepOf(this.#inbox[0]!.message).taken)
      this.#onMessage!(this.#read(this.#inbox.shift()!, false))
    } else if (this.#closing) {
      this.#closing = false
      this.#open = false
      this.#onClose!()
    }
  }
}

interface Steps {
  readonly posted: string
  readonly taken: string
}

const stepsOf = (what: string): Steps => ({
  posted: `before ${what} is posted`,
  taken: `before ${what} is taken`,
})
const OF_A_BATCH = stepsOf('a batch')
const ofType = new Map<unknown, Steps>()

/** The protocol steps at either end of a message. */
function stepOf(message: unknown): Steps {
  if (Array.isArray(message)) return OF_A_BATCH
  const { type } = message as { type?: string }
  let steps = ofType.get(type)
  if (steps === undefined) {
    steps = stepsOf(`'${type}'`)
    ofType.set(type, steps)
  }
  return steps
}

/** As real ports clone; most messages are flat, and a copy of them comes cheaper than a clone. */
function cloneOf(message: unknown, transfer: readonly object[]): unknown {
  // The ends of simulated channels are numbers.
  const objects = transfer.length === 0 ? transfer : transfer.filter(one => typeof one === 'object')
  if (objects.length === 0) {
    if (isFlatArray(message)) return message.slice()
    const copy = flatCopy(message)
    if (copy !== null) return copy
  }
  return structuredClone(message, { transfer: objects as never })
}

function isFlat(value: unknown): boolean {
  if (typeof value === 'object') return value === null || value instanceof SharedArrayBuffer
  return typeof value !== 'function' && typeof value !== 'symbol'
}

function isFlatArray(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.every(isFlat)
}

/** Of a message whose fields are flat, or flat arrays; null of any other. */
function flatCopy(message: unknown): object | null {
  if (typeof message !== 'object' || message === null || !('type' in message)) return null
  const fields = message as Readonly<Record<string, unknown>>
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(message)) {
    const value = fields[key]
    if (isFlat(value)) copy[key] = value
    else if (isFlatArray(value)) copy[key] = value.slice()
    else return null
  }
  return copy
}
