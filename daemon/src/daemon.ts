import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { DaemonConfig } from './config/daemon-config.js'
import { type Engine, startEngine } from './engine.js'
import { createServer } from './http/server.js'
import { apiRoute } from './http/services/api-route.js'
import { groupApi } from './http/services/group-api.js'
import { jobScheduler } from './http/services/job-scheduler.js'
import { queueTool } from './http/services/queue-tool.js'
import { workScheduler } from './http/services/work-scheduler.js'
import { systemClock } from './jobs/clock.js'
import type { JobService } from './jobs/job-service.js'
import { daemonLogger } from './log/daemon-logger.js'
import { logJobs } from './log/job-log.js'
import { WorkLog } from './log/work-log.js'
import { shutDown } from './shutdown.js'

const SERVICES = [apiRoute, workScheduler, jobScheduler, groupApi, queueTool]

/** A daemon that serves. */
export interface Daemon {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  readonly address: string
  readonly jobs: JobService
  /**
   * Ends the daemon in good order: takes no more jobs, lets the running ones finish, cuts off those that do not and
   * leaves them, with all that waits, to the next daemon on the same store. Called again it hastens the first call.
   *
   * @param options.drain milliseconds for the running jobs; default as configured
   */
  stop(options?: { readonly drain?: number }): Promise<StopReport>
}

export interface StopReport {
  /** How many jobs were cut off while they ran. */
  readonly cutOff: number
}

/**
 * Starts a daemon: opens its store, starts its lanes, takes up what an earlier daemon left undone, and listens.
 *
 * @throws StoreError `ERR_STORE_HELD` if another daemon has the store, `ERR_STORE_DAMAGED`, `ERR_STORE_UNAVAILABLE`;
 *   TaskLoadError `ERR_TASK_LOAD` if a job's module cannot be loaded; the system's error if it cannot listen
 */
export async function createDaemon(config: DaemonConfig): Promise<Daemon> {
  const log = daemonLogger(config.log.level)
  for (const warning of config.warnings) log.warn(warning)
  const engine = await startEngine(config, log)
  const { jobs } = engine
  try {
    logJobs(jobs, log)
    const workLog = new WorkLog(config.work.logFile, jobs, log)
    const server = await createServer({ config, jobs, now: systemClock.now, log }, SERVICES)
    const listenTextResolver = (at: string) => `the daemon serves at ${at}`
    const address = await server.listen({ ...config.listen, listenTextResolver })
    engine.announce(address)
    // Not before: a daemon that cannot listen leaves everything to one that can.
    engine.begin()
    return new RunningDaemon({ address, config, engine, server, workLog, log })
  } catch (error) {
    await engine.close()
    throw error
  }
}

interface Parts {
  readonly address: string
  readonly config: DaemonConfig
  readonly engine: Engine
  readonly server: FastifyInstance
  readonly workLog: WorkLog
  readonly log: Logger
}

class RunningDaemon implements Daemon {
  readonly address: string
  readonly jobs: JobService
  readonly #parts: Parts
  readonly #hasten = new AbortController()
  #stopped: Promise<StopReport> | null = null

  constructor(parts: Parts) {
    this.address = parts.address
    this.jobs = parts.engine.jobs
    this.#parts = parts
  }

  stop({ drain = this.#parts.config.shutdown.drain }: { readonly drain?: number } = {}): Promise<StopReport> {
    if (this.#stopped === null) this.#stopped = this.#stop(drain)
    else this.#hasten.abort()
    return this.#stopped
  }

  async #stop(drain: number): Promise<StopReport> {
    const { engine, server, workLog, log } = this.#parts
    log.info({ drain }, 'the daemon stops: it takes no more jobs')
    // It answers meanwhile, so that the jobs that finish now can be seen to have.
    const cutOff = await shutDown(engine, { drain, hasten: this.#hasten.signal, clock: systemClock })
    await server.close()
    await workLog.close()
    await engine.close()
    log.info({ cutOff }, 'the daemon has stopped')
    return { cutOff }
  }
}
