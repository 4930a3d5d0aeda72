import { CreditWindow } from '../core/credit-window.js'
import type { Port } from './port.js'
import type { SenderToLane } from './protocol/sender-to-lane.js'
import { ThreadBlock } from './thread-block.js'

/** So many slots of a thread may be taken back and not yet acknowledged: each is a message in its port. */
export const MOST_TAKEN_BACK = 64

/**
 * A sender's end of its connection to one lane thread: the port, what the thread shows of itself, and the credit
 * the sender has there.
 */
export class LaneLink {
  static #last = 0
  /** Unlike that of any other connection that was made here: a thread may be connected anew. */
  readonly connection = ++LaneLink.#last
  readonly thread: number
  readonly port: Port
  readonly block: ThreadBlock
  readonly window = new CreditWindow()
  /** Those of the thread's functions, in the order of their indexes. */
  readonly names: readonly string[]
  /** Slots of tasks sent and not yet answered. */
  outstanding = 0
  /** Those among them whose tasks were taken back. */
  takenBack = 0
  /** When it last answered, or was sent something. */
  movedAt = 0
  /** Whether the thread is to go, and gets no more tasks. */
  leaving = false
  /** Whether the thread has closed its end, or died: nobody is there to take what is sent. */
  isClosed = false
  /** Whether it is the sender's own thread, and in a synchronous wait. */
  isBlocked = false
  /** Ends the wait for why its port has closed. */
  stopWaiting: () => void = () => {}
  /** Started tasks whose outcome was decided against them and that have not ended. */
  readonly #condemned = new Set<number>()
  #asked = false

  constructor(thread: number, port: Port, block: SharedArrayBuffer, names: readonly string[]) {
    this.thread = thread
    this.names = names
    this.port = port
    this.block = new ThreadBlock(block)
  }

  /** Posts a message, then rings: a thread that is looking at its doorbell need not wait for its event loop. */
  send(message: SenderToLane, transfer?: readonly object[]): void {
    this.port.post(message, transfer)
    this.block.ring()
  }

  /** Tasks that are on the thread. */
  get load(): number {
    return this.outstanding - this.takenBack
  }

  /** Those of them that take a place there, or are to: the others wait for tasks. */
  get placed(): number {
    return this.load - this.block.waiting
  }

  /**
   * How many tasks more may be sent. Those that wait for others need no place, so that there is always room for what
   * they wait for. None to a thread that is to go, and none while a task holds the loop that is
   * likely to cost the thread its life.
   */
  room(concurrency: number): number {
    if (this.leaving || this.isClosed || this.isBlocked) return 0
    if (this.#condemned.size > 0 && this.#condemned.has(this.block.holder)) return 0
    // A slot whose task was taken back costs the thread next to nothing, but it is in its port.
    const weightless = Math.min(this.takenBack, MOST_TAKEN_BACK)
    // Read in this order: one that begins to wait meanwhile is counted twice rather than not at all.
    const { inProgress, waiting } = this.block
    return this.window.limit(inProgress, concurrency) + waiting - this.outstanding + weightless
  }

  /** Whether a task that is sent now would start at once, as far as can be seen from here. */
  hasPlace(concurrency: number): boolean {
    const isPlaced = this.outstanding - this.block.waiting < concurrency && this.room(concurrency) > 0
    return isPlaced && !this.block.isBlocked
  }

  condemn(id: number): void {
    this.#condemned.add(id)
  }

  /** @param wasTakenBack whether the slot's task had been taken back */
  answered(id: number, wasTakenBack: boolean): void {
    this.outstanding--
    if (wasTakenBack) this.takenBack--
    if (this.#condemned.size > 0) this.#condemned.delete(id)
  }

  /**
   * Whether the thread is to say when it has room. The flag is written before the caller looks at the room once
   * more, and the thread publishes its progress before it looks at the flag: so one of the two always notices.
   *
   * The flag is that of all senders, and the thread alone lowers it, for none knows whether another still waits: who
   * waits no more is told once in vain.
   *
   * @returns whether that has changed
   */
  askForRoom(wanted: boolean): boolean {
    if (this.#asked === wanted) return false
    this.#asked = wanted
    if (wanted) this.block.backlog = true
    return true
  }

  /** The thread has said that it has room, and lowered the flag. */
  roomMade(): void {
    this.#asked = false
  }
}
