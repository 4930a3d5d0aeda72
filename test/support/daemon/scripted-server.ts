import { type FastifyInstance, fastify } from 'fastify'
import type { DaemonConfig } from '#daemon/config/daemon-config.js'
import type { HttpService } from '#daemon/http/http-service.js'
import { createServer } from '#daemon/http/server.js'
import { sampleConfig } from './sample-config.js'
import { ScriptedJobService } from './scripted-job-service.js'

export interface ScriptedServer {
  readonly app: FastifyInstance
  readonly jobs: ScriptedJobService
  /** What it logged, an object for each line. */
  readonly logged: readonly Readonly<Record<string, unknown>>[]
}

export interface ScriptedServerOptions {
  readonly config?: Partial<DaemonConfig>
  readonly services?: readonly HttpService[]
  /** Epoch milliseconds. Default: the real time. */
  readonly now?: () => number
}

/** The daemon's HTTP server over jobs that the test moves by hand. Close `app` in the end. */
export async function scriptedServer(options: ScriptedServerOptions = {}): Promise<ScriptedServer> {
  const config = sampleConfig(options.config)
  const now = options.now ?? Date.now
  const jobs = new ScriptedJobService({ jobs: config.jobs.values(), lanes: Object.keys(config.lanes), now })
  const logged: Readonly<Record<string, unknown>>[] = []
  // Only the logger of this instance is used: it is the daemon's own kind, on a stream of the test.
  const { log } = fastify({
    logger: { level: 'trace', stream: { write: line => void logged.push(JSON.parse(line)) } },
  })
  const app = await createServer({ config, jobs, now, log }, options.services ?? [])
  return { app, jobs, logged }
}

/** Listens on a free port of the loopback address. @returns the port */
export async function listening(app: FastifyInstance): Promise<number> {
  await app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.server.address()
  if (typeof address !== 'object' || address === null) throw new Error('the server listens on no port')
  return address.port
}
