import type { Port } from '#src/bridge/port.js'
import type { Actor } from './sim-actor.js'
import type { SimWorld } from './sim-world.js'

/** Who looks at what goes over a port. */
export interface PortTap {
  posted(from: SimPort, message: unknown): void
  /** It is about to be dealt with. */
  taken?(at: SimPort, message: unknown): void
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
  readonly #inbox: unknown[] = []
  #onMessage: ((message: unknown) => void) | null = null
  #onClose: (() => void) | null = null
  #open = true
  #closing = false

  private constructor(world: SimWorld, actor: Actor) {
    this.world = world
    this.actor = actor
  }

  static pair(world: SimWorld, one: Actor, other: Actor): [SimPort, SimPort] {
    const near = new SimPort(world, one)
    const far = new SimPort(world, other)
    near.peer = far
    far.peer = near
    return [near, far]
  }

  /** Whether its own side has closed it. */
  isClosedHere = false

  post(message: unknown, transfer: readonly object[] = []): void {
    const { world } = this
    if (world.current === this.actor) world.reach(`before ${what(message)} is posted`)
    const copy = cloneOf(message, transfer)
    if (!this.#open) return
    this.peer.#receive(copy)
    this.tap?.posted(this, message)
    // It is posted: whoever dies now dies of the next thing they do.
    if (world.current === this.actor && this.actor.doom <= 2) this.actor.doom = 1
  }

  #receive(message: unknown): void {
    if (!this.#open) return
    this.#inbox.push(message)
    if (this.#onMessage !== null) this.world.posted(this)
  }

  take(): { readonly message: unknown } | undefined {
    if (this.#inbox.length === 0) return undefined
    const message = this.#inbox.shift()
    this.tap?.taken?.(this, message)
    return { message }
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
    this.#inbox.length = 0
    this.world.posted(this)
    const { peer } = this
    if (!peer.#open) return
    peer.#closing = true
    this.world.posted(peer)
  }

  /** Whether `deliver` would do anything. */
  get ready(): boolean {
    return this.#onMessage !== null && (this.#inbox.length > 0 || this.#closing)
  }

  /** Hands over the next message, or the end of the port after the last one. */
  deliver(): void {
    if (this.#inbox.length > 0) {
      this.world.reach(`before ${what(this.#inbox[0])} is taken`)
      const message = this.#inbox.shift()
      this.tap?.taken?.(this, message)
      this.#onMessage!(message)
    } else if (this.#closing) {
      this.#closing = false
      this.#open = false
      this.#onClose!()
    }
  }
}

function what(message: unknown): string {
  if (Array.isArray(message)) return 'a batch'
  return `'${(message as { type?: string }).type}'`
}

/** As real ports clone; most messages are flat, and a copy of them comes cheaper than a clone. */
function cloneOf(message: unknown, transfer: readonly object[]): unknown {
  // The ends of simulated channels are numbers.
  const objects = transfer.filter(one => typeof one === 'object')
  if (objects.length === 0) {
    if (isFlatArray(message)) return message.slice()
    const copy = flatCopy(message)
    if (copy !== null) return copy
  }
  return structuredClone(message, { transfer: objects as never })
}

function isFlat(value: unknown): boolean {
  if (value === null || value instanceof SharedArrayBuffer) return true
  return typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol'
}

function isFlatArray(value: unknown): value is unknown[] {
  return Array.isArray(value) && value.every(isFlat)
}

/** Of a message whose fields are flat, or flat arrays; null of any other. */
function flatCopy(message: unknown): object | null {
  if (typeof message !== 'object' || message === null || !('type' in message)) return null
  const copy: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(message)) {
    if (isFlat(value)) copy[key] = value
    else if (isFlatArray(value)) copy[key] = value.slice()
    else return null
  }
  return copy
}
