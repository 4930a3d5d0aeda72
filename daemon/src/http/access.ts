import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { FastifyRequest } from 'fastify'
import type { DaemonConfig } from '../config/daemon-config.js'
import { isOwnHost, isOwnOrigin, type OwnAddress, parseAuthority } from './authorities.js'
import { HttpProblem } from './http-problem.js'

export type Access = 'open' | 'read' | 'write'

/** @returns why the request is refused; undefined if it may come in */
export type AccessCheck = (raw: IncomingMessage, needed: Access) => HttpProblem | undefined

/**
 * Who may come in. Every request is looked at before its body is read, also one for a path that does not exist.
 *
 * **From where.** A job system that listens on a loopback address is still within reach of every web page its user
 * opens. So:
 * - The Host header must name this server: the address and port it listens on or was reached at, localhost,
 *   127.0.0.1 or [::1] with its port, or one of the configured `hosts`. A page whose own host name was pointed at this
 *   address (DNS rebinding) is refused by it. None, or two, is 400; a foreign one 403.
 * - An Origin header must be of this server too, whatever the method; `null`, as sandboxed frames and files send it, is
 *   foreign. 403.
 * - `Sec-Fetch-Site` must say `same-origin` or `none` where a browser sends it. This is for what has no Origin: an
 *   image, a frame or a link of another page is a plain GET, and `GET /group/<name>` starts jobs. A link that is
 *   followed from another page is therefore refused as well: there is no telling it from an attack, and whoever means
 *   it can open the address by hand. 403.
 *
 * There are no CORS headers and no cookies.
 *
 * **Who.** With a token configured, `Authorization: Bearer <token>` is asked for. The write token opens everything, the
 * read token what only reads. What a route needs is its `config.access`, by default read for GET and HEAD and write for
 * the others; `open` needs none. Where one token alone is configured: a write token is needed for reading too, and with
 * a read token nobody can write. None or a wrong one is 401, the read token where the write token is needed 403. Paths
 * that do not exist, and methods a path does not have, need the read token, so that nobody learns which ones there are.
 *
 * @param port the one the server listens on; undefined while it does not, when requests come from its own process
 */
export function accessCheck(config: DaemonConfig, port: () => number | undefined): AccessCheck {
  const { read, write } = config.tokens
  const tokens: Tokens = {
    read: read === null ? null : digest(read),
    write: write === null ? null : digest(write),
  }
  return (raw, needed) => {
    const own = { host: config.listen.host, port: port(), reached: raw.socket.localAddress }
    return siteProblem(raw, own, config.hosts) ?? tokenProblem(raw.headers.authorization, needed, tokens)
  }
}

/** What a token must allow for a request. */
export function accessNeededBy(request: FastifyRequest): Access {
  if (request.is404) return 'read'
  const { access } = request.routeOptions.config
  return access ?? (request.method === 'GET' || request.method === 'HEAD' ? 'read' : 'write')
}

interface Tokens {
  readonly read: Buffer | null
  readonly write: Buffer | null
}

function siteProblem(
  raw: IncomingMessage,
  own: OwnAddress,
  hosts: readonly string[],
): HttpProblem | undefined {
  const given = raw.rawHeaders.filter(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'host',
  ).length
  const text = raw.headers.host
  if (given !== 1 || text === undefined || text === '') {
    return new HttpProblem(400, 'ERR_HOST_MISSING', 'Send one Host header, with the address of this server.')
  }
  const host = parseAuthority(text)
  if (host === undefined || !isOwnHost(host, own, hosts)) {
    return new HttpProblem(
      403,
      'ERR_HOST_FOREIGN',
      'The Host header names another server. Names beside the address itself are listed under hosts in the configuration.',
    )
  }
  const { origin } = raw.headers
  if (origin !== undefined && !isOwnOrigin(origin, host, own, hosts)) {
    return new HttpProblem(403, 'ERR_ORIGIN_FOREIGN', 'Pages of other sites may not send requests here.')
  }
  const site = raw.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none') {
    return new HttpProblem(403, 'ERR_ORIGIN_FOREIGN', 'Pages of other sites may not send requests here.')
  }
  // A proxy's request, with another server's address in it, would be routed by its path alone.
  if (raw.url?.startsWith('/') !== true) {
    return new HttpProblem(400, 'ERR_URL_MALFORMED', 'The request must name a path, such as /v1/jobs.')
  }
  return undefined
}

function tokenProblem(
  authorization: string | undefined,
  needed: Access,
  tokens: Tokens,
): HttpProblem | undefined {
  if (needed === 'open' || (tokens.read === null && tokens.write === null)) return undefined
  const token = /^Bearer +([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) {
    const message = 'Send a token, as Authorization: Bearer <token>.'
    return new HttpProblem(401, 'ERR_TOKEN', message, { 'www-authenticate': 'Bearer' })
  }
  const given = digest(token)
  const writes = isSame(given, tokens.write)
  const reads = isSame(given, tokens.read)
  if (writes || (reads && needed === 'read')) return undefined
  if (reads) return new HttpProblem(403, 'ERR_TOKEN_READS_ONLY', 'This token allows reading only.')
  const challenge = { 'www-authenticate': 'Bearer error="invalid_token"' }
  return new HttpProblem(401, 'ERR_TOKEN', 'This token is not a valid one.', challenge)
}

/** Digests are of one length, so that comparing them tells nothing of the token's. */
function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}

function isSame(given: Buffer, token: Buffer | null): boolean {
  return token !== null && timingSafeEqual(given, token)
}
