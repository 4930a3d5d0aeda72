import type { SenderToSupervisor } from '../bridge/protocol/sender-to-supervisor.js'
import type { Senders } from './senders.js'

interface Retirement {
  /** The senders that have not released the thread. */
  readonly holders: Set<number>
  readonly released: () => void
}

/**
 * Threads that are no longer needed and that some sender may still have tasks on. Each is free to leave once every
 * sender has released it: sends it nothing more, and has had the answer to all that it sent. A sender that is blocked
 * keeps it for as long as it is.
 *
 * A retirement may be called off. Whoever has released the thread is connected anew; whoever has not is told, and owes one
 * answer: `stayed`, or the `released` that was under way, after which it is connected anew as well. Until it has
 * answered, nobody knows whether it is connected; but since it answers in order, the thread may retire once more meanwhile.
 */
export class Retirements {
  readonly #senders: Senders
  readonly #connect: (thread: number, sender: number) => void
  readonly #open = new Map<number, Retirement>()
  /** By thread, how many answers each sender owes. */
  readonly #owed = new Map<number, Map<number, number>>()

  /** @param connect connects a sender with a thread anew, if that is ready */
  constructor(senders: Senders, connect: (thread: number, sender: number) => void) {
    this.#senders = senders
    this.#connect = connect
  }

  /** @param released called once all senders that know the thread have released it */
  begin(lane: string, thread: number, released: () => void): void {
    const holders = new Set([...this.#senders.of(lane)].map(([number]) => number))
    const retirement: Retirement = { holders, released }
    this.#open.set(thread, retirement)
    this.#senders.tellOf(lane, { type: 'thread-leaving', lane, thread })
    this.#endIfFree(thread, retirement)
  }

  /** The thread stays, whether its retirement is open or all have released it just now. */
  callOff(lane: string, thread: number): void {
    const holders = this.#open.get(thread)?.holders ?? new Set()
    this.#open.delete(thread)
    for (const [sender] of this.#senders.of(lane)) {
      if (holders.has(sender)) {
        this.#owes(thread, sender, 1)
        this.#senders.tell(sender, { type: 'thread-staying', lane, thread })
      } else this.#connect(thread, sender)
    }
  }

  /** @returns whether the message was about a retirement */
  receive(from: number, message: SenderToSupervisor): boolean {
    if (message.type !== 'released' && message.type !== 'stayed') return false
    const { type, thread } = message
    if (this.#owed.get(thread)?.has(from)) {
      const isLast = this.#owes(thread, from, -1) === 0
      // If the thread retires once more, it has been told so, and answers that without being connected.
      if (isLast && type === 'released' && !this.#open.has(thread)) this.#connect(thread, from)
    } else if (type === 'released') this.#released(thread, from)
    return true
  }

  /** A sender is gone, and with it whatever it could still have sent. */
  senderGone(sender: number): void {
    for (const senders of this.#owed.values()) senders.delete(sender)
    for (const thread of [...this.#open.keys()]) this.#released(thread, sender)
  }

  /** The thread is lost or has exited. */
  end(thread: number): void {
    this.#open.delete(thread)
    this.#owed.delete(thread)
  }

  #released(thread: number, sender: number): void {
    const retirement = this.#open.get(thread)
    if (retirement?.holders.delete(sender)) this.#endIfFree(thread, retirement)
  }

  #endIfFree(thread: number, { holders, released }: Retirement): void {
    if (holders.size > 0) return
    this.#open.delete(thread)
    released()
  }

  /** @returns how many answers the sender owes now */
  #owes(thread: number, sender: number, more: number): number {
    const senders = this.#owed.get(thread) ?? new Map<number, number>()
    this.#owed.set(thread, senders)
    const answers = (senders.get(sender) ?? 0) + more
    if (answers > 0) senders.set(sender, answers)
    else senders.delete(sender)
    return answers
  }
}
