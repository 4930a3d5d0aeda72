import type { FastifyReply, FastifyRequest } from 'fastify'
import { JobServiceError, type JobServiceErrorCode } from '../jobs/job-service.js'
import { StoreError } from '../store/store-error.js'
import { HttpProblem, problemBody } from './http-problem.js'
import { RequestError } from './services/request-error.js'

const JOB_STATUS: Readonly<Record<JobServiceErrorCode, number>> = {
  ERR_JOB_UNKNOWN: 400,
  ERR_LANE_UNKNOWN: 400,
  ERR_JOB_INPUT: 400,
  ERR_JOB_TERMS: 400,
  ERR_KEY_REUSED: 409,
  ERR_KEY_EXPIRED: 409,
  ERR_SHUTTING_DOWN: 503,
}

/** What of the framework's own errors a client can do something about; their names are not ours to freeze. */
const FRAMEWORK_PROBLEMS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [
    'ERR_MEDIA_TYPE',
    'A body of this content type is not taken here: send JSON, as application/json.',
  ],
  FST_ERR_CTP_BODY_TOO_LARGE: ['ERR_BODY_TOO_LARGE', 'The body is larger than is taken here.'],
  FST_ERR_CTP_INVALID_JSON_BODY: [
    'ERR_BODY_MALFORMED',
    'The body is not JSON, or has a field named __proto__ or constructor.prototype.',
  ],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    'ERR_BODY_MALFORMED',
    'The body is not as long as Content-Length says.',
  ],
  FST_ERR_BAD_URL: [
    'ERR_URL_MALFORMED',
    'The URL is not percent-encoded as it must be, such as %20 for a space.',
  ],
  FST_ERR_MAX_PARAM_LENGTH: ['ERR_URL_MALFORMED', 'A part of the URL is longer than any that is known here.'],
}

/** The problem that an error is to a client; undefined if it is the daemon's own, of which a client learns nothing. */
export function problemOf(error: unknown): HttpProblem | undefined {
  if (error instanceof HttpProblem) return error
  if (error instanceof RequestError) return new HttpProblem(error.statusCode, error.code, error.message)
  if (error instanceof JobServiceError) {
    const headers: Record<string, string> = error.code === 'ERR_SHUTTING_DOWN' ? { connection: 'close' } : {}
    return new HttpProblem(JOB_STATUS[error.code], error.code, error.message, headers)
  }
  if (error instanceof StoreError) {
    if (error.kind !== 'unavailable') return undefined
    // The store's own message tells of paths and of the disk.
    const message = 'Jobs can be neither kept nor read just now. Send the same request again in a while.'
    return new HttpProblem(503, error.code, message, { 'retry-after': '1' })
  }
  return frameworkProblemOf(error)
}

function frameworkProblemOf(error: unknown): HttpProblem | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, statusCode, validation } = error as Error & {
    readonly code?: unknown
    readonly statusCode?: unknown
    readonly validation?: unknown
  }
  if (validation !== undefined) return new HttpProblem(400, 'ERR_REQUEST', error.message)
  if (typeof code !== 'string' || typeof statusCode !== 'number' || statusCode < 400 || statusCode > 499) {
    return undefined
  }
  // Too long a parameter is 414 to the framework; here every id that cannot be one is a bad request.
  const status = statusCode === 414 ? 400 : statusCode
  const [ownCode, message] = FRAMEWORK_PROBLEMS[code] ?? ['ERR_REQUEST', error.message]
  return new HttpProblem(status, ownCode, message)
}

/** Answers every error that no route has answered: the one error handler of the server. */
export function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const problem = problemOf(error)
  // The framework closes the connection of a body it has not read, and the client would lose this answer while it is
  // still sending. The connection is given a moment instead, see bounded-server.ts.
  if (reply.hasHeader('connection')) reply.removeHeader('connection')
  if (problem === undefined) {
    request.log.error({ err: error, method: request.method, path: pathOf(request) }, 'request failed')
    return reply
      .code(500)
      .type('application/json')
      .send(problemBody('ERR_INTERNAL', 'Something went wrong in the daemon; its log tells what.'))
  }
  if (error instanceof StoreError)
    request.log.warn({ err: error, path: pathOf(request) }, 'store unavailable')
  return reply
    .code(problem.statusCode)
    .headers(problem.headers)
    .type('application/json')
    .send(problemBody(problem.code, problem.message))
}

// Without the query, which is the client's own and may be long.
function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0]!.slice(0, 200)
}
