import type { Port } from '../bridge/port.js'
import type { SupervisorToLane } from '../bridge/protocol/supervisor-to-lane.js'

/**
 * What the supervisor says to a lane thread, in its order, and what of it is heard while a task blocks the thread.
 *
 * Then nothing but a new connection is: others may ask by it for what the thread has kept, and the task may be waiting for
 * just those. All else means the loop: that it has turned, or whose code is to stop.
 */
export class ControlInbox {
  readonly #port: Port
  readonly #obey: (message: SupervisorToLane) => void
  readonly #nextTurn: (call: () => void) => void
  /** What was read while the thread was blocked, and has not been heard. */
  #putOff: SupervisorToLane[] = []

  /**
   * @param nextTurn calls back when the loop has turned
   * @param closed called when the supervisor can say no more
   */
  constructor(
    port: Port,
    nextTurn: (call: () => void) => void,
    obey: (message: SupervisorToLane) => void,
    closed: () => void,
  ) {
    this.#port = port
    this.#nextTurn = nextTurn
    this.#obey = obey
    port.listen(message => {
      this.#catchUp()
      obey(message as SupervisorToLane)
    }, closed)
  }

  /** The thread is blocked: takes what has come. */
  serve(): void {
    for (let next = this.#port.take(); next !== undefined; next = this.#port.take()) {
      const message = next.message as SupervisorToLane
      if (message.type === 'connect') this.#obey(message)
      else this.#putOffUntilNextTurn(message)
    }
  }

  #putOffUntilNextTurn(message: SupervisorToLane): void {
    if (this.#putOff.push(message) === 1) this.#nextTurn(() => this.#catchUp())
  }

  #catchUp(): void {
    const messages = this.#putOff
    this.#putOff = []
    for (const message of messages) this.#obey(message)
  }
}
