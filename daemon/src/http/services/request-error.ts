/** A request that cannot be understood. The message names the field and shows a good value; it is the answer's. */
export class RequestError extends Error {
  readonly code = 'ERR_REQUEST'
  readonly statusCode: 400 | 413

  constructor(message: string, statusCode: 400 | 413 = 400) {
    super(message)
    this.name = 'RequestError'
    this.statusCode = statusCode
  }
}
