import type { IncomingMessage } from 'node:http'
import type { FastifyBodyParser, FastifyInstance, FastifyRequest } from 'fastify'
import { HttpProblem } from './http-problem.js'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENERS: readonly number[] = [0x5b, 0x7b]
const CLOSERS: readonly number[] = [0x5d, 0x7d]

/**
 * Whether JSON text is nested deeper than allowed, in one pass that ends at the first bracket too many. Of text that
 * is no JSON the answer means nothing.
 *
 * @param depth the deepest that is allowed; an array of numbers is 1 deep
 */
export function isDeeperThan(text: string, depth: number): boolean {
  let level = 0
  let quoted = false
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    if (quoted) {
      if (unit === BACKSLASH) at += 1
      else if (unit === QUOTE) quoted = false
    } else if (unit === QUOTE) {
      quoted = true
    } else if (OPENERS.includes(unit)) {
      level += 1
      if (level > depth) return true
    } else if (CLOSERS.includes(unit)) {
      level -= 1
    }
  }
  return false
}

/**
 * Takes JSON bodies, and no others. An empty body is none, whatever its content type says, since curl and browsers
 * send one with an empty form. A service that takes forms adds their parsers in a scope of its own: anywhere else a
 * form is refused, because another site's page can send one without asking first.
 *
 * @param depth how deep a body may be nested
 */
export function takeJsonBodies(app: FastifyInstance, depth: number): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  const checked: FastifyBodyParser<string> = (request, body, done) => {
    if (body === '') return done(null, undefined)
    if (isDeeperThan(body, depth)) {
      return done(
        new HttpProblem(400, 'ERR_BODY_TOO_DEEP', `The body is nested deeper than ${depth} levels.`),
      )
    }
    return parse(request, body, done)
  }
  app.removeAllContentTypeParsers()
  for (const type of ['application/json', /^application\/[\w.!#$&^-]+\+json(?:;|$)/]) {
    app.addContentTypeParser(type, { parseAs: 'string' }, checked)
  }
  app.addContentTypeParser('*', expectNothing)
}

/** Resolves if the body is empty; the first byte of another is enough to refuse it. */
function expectNothing(_request: FastifyRequest, payload: IncomingMessage): Promise<undefined> {
  return new Promise((resolve, reject) => {
    payload.once('data', () => {
      reject(
        new HttpProblem(
          415,
          'ERR_MEDIA_TYPE',
          'A body of this content type is not taken here: send JSON, as application/json.',
        ),
      )
    })
    payload.once('end', () => resolve(undefined))
    payload.once('error', reject)
  })
}
