import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface Exchange {
  readonly request: IncomingMessage
  readonly answer: ServerResponse & { readonly req: IncomingMessage }
}

export interface PipelineOptions {
  /** Called with one exchange at a time. */
  readonly handle: (exchange: Exchange) => void
  /** All that has come is answered. */
  readonly idle: () => void
  /** How long nothing of an answer may be taken, in milliseconds. It is found out within twice that. */
  readonly patience: number
}

/**
 * The requests of one connection, which a client may send without awaiting answers. They are handled one at a time and
 * in order, the next one when the answer before it has left, so that a client has no more work under way than it takes
 * answers. Meanwhile the connection is not read, and holds up whoever sends: what waits here is what came in one read
 * of Node's, which parses the whole of it before it can be stopped.
 */
export class Pipeline {
  readonly #socket: Socket
  readonly #options: PipelineOptions
  readonly #waiting: Exchange[] = []
  #latest: Exchange | undefined
  #refusal: string | undefined
  #busy = false
  #stuck = false

  constructor(socket: Socket, options: PipelineOptions) {
    this.#socket = socket
    this.#options = options
    // Node resumes it whenever somebody asks for more of a body.
    socket.on('resume', () => {
      if (this.#isHeld) socket.pause()
    })
  }

  /** The request that has come last, perhaps not to its end. */
  get latest(): IncomingMessage | undefined {
    return this.#latest?.request
  }

  /** Takes an exchange as soon as the head of its request has come. */
  add(exchange: Exchange): void {
    this.#latest = exchange
    if (!this.#socket.writable) return
    if (!this.#busy) {
      this.#begin(exchange)
      return
    }
    this.#waiting.push(exchange)
    this.#socket.pause()
  }

  /**
   * Takes no more, and closes the connection when what has come before is answered.
   *
   * @param answer to what comes next, or to a request that has not come to its end; left out if the client would take
   *   it for the rest of another
   */
  refuse(answer: string): void {
    if (this.#refusal !== undefined) return
    this.#refusal = answer
    this.#socket.pause()
    const last = this.#latest
    if (last?.request.complete === false) {
      if (this.#waiting.at(-1) === last) this.#waiting.pop()
      else this.#hangUp(last.answer.headersSent ? undefined : answer)
    } else if (!this.#busy) {
      this.#hangUp(answer)
    }
  }

  get #isHeld(): boolean {
    return this.#stuck || this.#waiting.length > 0 || this.#refusal !== undefined
  }

  #begin(exchange: Exchange): void {
    const { answer } = exchange
    this.#busy = true
    answer.once('prefinish', () => {
      if (this.#socket.writableLength > 0) this.#awaitTaking(answer)
    })
    answer.once('close', () => {
      // Between two requests of one client, others have their turn.
      if (this.#waiting.length > 0) setImmediate(() => this.#next())
      else this.#next()
    })
    this.#options.handle(exchange)
  }

  #next(): void {
    this.#busy = false
    // Behind an answer that closes the connection nothing is handled: the client is to send it again.
    if (!this.#socket.writable) this.#waiting.length = 0
    const next = this.#waiting.shift()
    if (next !== undefined) {
      this.#begin(next)
      this.#readOn()
    } else if (this.#refusal !== undefined) {
      this.#hangUp(this.#refusal)
    } else {
      this.#options.idle()
    }
  }

  /** What was read meanwhile would count as a sign of life, and the client would never be cut off. */
  #awaitTaking(answer: ServerResponse): void {
    const socket = this.#socket
    const usual = socket.timeout ?? 0
    this.#stuck = true
    socket.pause()
    // The first time it runs out, the socket only looks how much is left, and the second time, whether that is less.
    socket.setTimeout(this.#options.patience)
    // Ahead of Node's own listener, which may set the time of a connection that is idle.
    answer.prependOnceListener('finish', () => {
      socket.setTimeout(usual)
      this.#stuck = false
      this.#readOn()
    })
  }

  #readOn(): void {
    if (!this.#isHeld) this.#socket.resume()
  }

  #hangUp(answer: string | undefined): void {
    const socket = this.#socket
    if (answer === undefined || !socket.writable) socket.destroy()
    else socket.end(answer, () => socket.destroy())
  }
}
