import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { problemBody } from './http-problem.js'
import { type Exchange, Pipeline } from './pipeline.js'

export interface ConnectionLimits {
  /** How long a request may take to arrive, in milliseconds. */
  readonly request: number
  /** The most connections at a time. */
  readonly connections: number
}

export interface BoundedServer {
  readonly server: Server
  /** Answers what is no HTTP, or does not end: for the `clientError` event. */
  readonly answerClientError: (error: NodeJS.ErrnoException, socket: Socket) => void
  /**
   * To be called before the server is closed, which would wait for every client there is: those that have sent no
   * whole request are dropped at once, and those that do not take their answer a little later.
   */
  readonly windUp: () => void
}

const KEEP_ALIVE_MS = 10_000
const LONGEST_HEADERS_MS = 10_000
const CHECK_MS = 500
/** How long a client may go on sending a body that was refused, before it is cut off. */
const LINGER_MS = 1000
/** How long the clients have to take their answers when the server closes. */
const LONGEST_CLOSE_MS = 2000

/**
 * An HTTP server on which no client can hold more than its share:
 * - a request that has not arrived in its time is answered 408;
 * - the requests of one connection are handled one at a time, however many were sent at once;
 * - a client that reads nothing of its answer is cut off, within twice that time;
 * - one connection too many costs the connection that has waited longest without a whole request its place, so that
 *   many slow clients keep nobody out. Only when each connection is being served, the new one is closed.
 */
export function createBoundedServer(handler: RequestListener, limits: ConnectionLimits): BoundedServer {
  const server = createServer(
    {
      requestTimeout: limits.request,
      headersTimeout: Math.min(LONGEST_HEADERS_MS, limits.request),
      connectionsCheckingInterval: CHECK_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The handler's to refuse: Node's own answer has no body.
      requireHostHeader: false,
    },
    (request, answer) => take(request, answer),
  )
  const take: RequestListener = (request, answer) => open.get(request.socket)?.add({ request, answer })
  // As well.
  server.on('checkExpectation', take)
  // Later than the time limit of a request, which has an answer of its own.
  server.setTimeout(2 * limits.request + 2 * CHECK_MS)

  const open = new Map<Socket, Pipeline>()
  const waiting = new Set<Socket>()
  let closing = false

  const drop = (socket: Socket) => {
    open.delete(socket)
    waiting.delete(socket)
  }

  server.on('connection', socket => {
    const pipeline = new Pipeline(socket, {
      patience: limits.request,
      handle: exchange => handle(exchange, socket),
      idle: () => {
        if (open.has(socket)) waiting.add(socket)
        if (closing) socket.destroySoon()
      },
    })
    open.set(socket, pipeline)
    waiting.add(socket)
    socket.once('close', () => drop(socket))
    closeInStages(socket, () => pipeline.latest)
    if (closing) socket.destroy()
    if (open.size <= limits.connections) return
    const [longest = socket] = waiting
    drop(longest)
    longest.destroy()
  })

  const handle = ({ request, answer }: Exchange, socket: Socket) => {
    if (request.complete || !hasBody(request)) {
      waiting.delete(socket)
    } else {
      // Again, if the request before it was whole.
      waiting.add(socket)
      request.once('end', () => waiting.delete(socket))
    }
    answer.once('finish', () => {
      if (!request.complete) cutOffLater(request)
    })
    handler(request, answer)
  }

  const answerClientError = (error: NodeJS.ErrnoException, socket: Socket) => {
    if (error.code === 'ECONNRESET' || socket.destroyed) return
    open.get(socket)?.refuse(rawAnswer(...clientProblem(error.code)))
  }

  const windUp = () => {
    closing = true
    for (const socket of waiting) socket.destroy()
    setTimeout(() => server.closeAllConnections(), LONGEST_CLOSE_MS).unref()
  }
  return { server, answerClientError, windUp }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'
}

/**
 * Node closes a connection that is not kept as soon as the last answer has left, also in the middle of a body that was
 * refused. Here only our half of it is closed then, and the other when the body has ended or is cut off.
 */
function closeInStages(socket: Socket, latest: () => IncomingMessage | undefined): void {
  const destroySoon = socket.destroySoon.bind(socket)
  socket.destroySoon = () => {
    const request = latest()
    if (request === undefined || request.complete || request.destroyed) {
      destroySoon()
      return
    }
    socket.end()
    request.once('end', destroySoon)
  }
}

/**
 * What comes after a refused body's answer is read and thrown away for a moment: closed at once, the connection would
 * be reset, and the client could lose the answer.
 */
function cutOffLater(request: IncomingMessage): void {
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), LINGER_MS)
  timer.unref()
  request.once('end', () => clearTimeout(timer))
  request.once('close', () => clearTimeout(timer))
}

function clientProblem(code: string | undefined): [status: string, code: string, message: string] {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return ['408 Request Timeout', 'ERR_REQUEST_TIMEOUT', 'The request did not arrive in time.']
    case 'HPE_HEADER_OVERFLOW':
      return ['431 Request Header Fields Too Large', 'ERR_HEADERS_TOO_LARGE', 'The headers are too long.']
    default:
      return ['400 Bad Request', 'ERR_HTTP_MALFORMED', 'This is no HTTP request.']
  }
}

function rawAnswer(status: string, code: string, message: string): string {
  const body = JSON.stringify(problemBody(code, message))
  return [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    'Cache-Control: no-store',
    'Connection: close',
    '',
    body,
  ].join('\r\n')
}
