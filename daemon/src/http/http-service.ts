import type { FastifyBaseLogger, FastifyInstance } from 'fastify'
import type { DaemonConfig } from '../config/daemon-config.js'
import type { JobService } from '../jobs/job-service.js'

/** What each of the services over HTTP is given. */
export interface HttpContext {
  readonly config: DaemonConfig
  readonly jobs: JobService
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly log: FastifyBaseLogger
}

/** Adds one service's routes to the server. */
export type HttpService = (app: FastifyInstance, context: HttpContext) => void

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a token must allow for the route; without it what the method suggests: GET and HEAD read, others write. */
    readonly access?: 'open' | 'read' | 'write'
  }
}
