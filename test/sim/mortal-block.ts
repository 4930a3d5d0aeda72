import { ThreadBlock } from '#src/bridge/thread-block.js'
import type { Actor } from './sim-actor.js'
import type { SimWorld } from './sim-world.js'

/** What a lane thread shows of itself: nothing changes in it once the thread is dead, and it may die of any change. */
export class MortalBlock extends ThreadBlock {
  readonly #world: SimWorld
  readonly #actor: Actor

  constructor(buffer: SharedArrayBuffer, world: SimWorld, actor: Actor) {
    super(buffer)
    this.#world = world
    this.#actor = actor
  }

  override hold(sender: number, id: number): void {
    this.#reach('before it shows who holds its loop')
    super.hold(sender, id)
  }

  override release(): void {
    this.#reach('before it shows that its loop is free')
    super.release()
  }

  override get inProgress(): number {
    return super.inProgress
  }

  override set inProgress(count: number) {
    this.#reach('before it shows its progress')
    super.inProgress = count
  }

  override get backlog(): boolean {
    this.#reach('before it looks who waits for room')
    return super.backlog
  }

  override set backlog(waiting: boolean) {
    super.backlog = waiting
  }

  override get isSending(): boolean {
    return super.isSending
  }

  override set isSending(sending: boolean) {
    this.#reach('before it shows that it has tasks elsewhere')
    super.isSending = sending
  }

  #reach(what: string): void {
    if (this.#world.current === this.#actor) this.#world.reach(what)
  }
}
