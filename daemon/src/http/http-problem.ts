import { Type } from '@sinclair/typebox'

/** The name under which {@link ProblemAnswer} is registered with the server, for `Type.Ref`. */
export const PROBLEM = 'Problem'

/**
 * How the server and the routes below /v1 say that something is wrong. The message stands twice, because the clients
 * of the four services look for it at the top and those of /v1 below `error`.
 */
export const ProblemAnswer = Type.Object(
  {
    message: Type.String(),
    error: Type.Object({
      code: Type.String({ description: 'Never changes its meaning; the message may change its wording.' }),
      message: Type.String(),
    }),
  },
  { $id: PROBLEM, description: 'What is wrong.' },
)

export interface ProblemBody {
  readonly message: string
  readonly error: { readonly code: string; readonly message: string }
}

export function problemBody(code: string, message: string): ProblemBody {
  return { message, error: { code, message } }
}

/** Thrown where a request is refused; the server answers with its status, its headers and its message. */
export class HttpProblem extends Error {
  readonly statusCode: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>

  /**
   * @param statusCode 400 to 503
   * @param message for the client: what is wrong, and what would be right
   */
  constructor(
    statusCode: number,
    code: string,
    message: string,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = 'HttpProblem'
    this.statusCode = statusCode
    this.code = code
    this.headers = headers
  }
}
