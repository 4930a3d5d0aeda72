import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

/** Requests are logged at debug level, by method, path and status: the rest of a request may hold secrets. */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(
    error: Error | null | undefined,
    request: FastifyRequest,
    reply: FastifyReply,
  ): void {
    const { statusCode, elapsedTime } = reply
    const [path] = request.url.split('?', 1)
    const fields = { method: request.method, path, statusCode, milliseconds: Math.round(elapsedTime) }
    if (error) request.log.debug({ ...fields, err: error }, 'answer cut off')
    else request.log.debug(fields, 'request')
  }

  override streamError(error: Error, request: FastifyRequest): void {
    request.log.debug({ err: error }, 'answer cut off')
  }

  override routeNotFound(): void {}
}
