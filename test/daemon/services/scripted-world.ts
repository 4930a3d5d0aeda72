import type { FastifyInstance, InjectOptions } from 'fastify'
import { pino } from 'pino'
import type { DaemonConfig } from '#daemon/config/daemon-config.js'
import { createServer } from '#daemon/http/server.js'
import { apiRoute } from '#daemon/http/services/api-route.js'
import { groupApi } from '#daemon/http/services/group-api.js'
import { jobScheduler } from '#daemon/http/services/job-scheduler.js'
import { queueTool } from '#daemon/http/services/queue-tool.js'
import { workScheduler } from '#daemon/http/services/work-scheduler.js'
import type { JobDefinition } from '#daemon/jobs/job-definition.js'
import { sampleConfig, sampleJob } from '../../support/daemon/sample-config.js'
import { ScriptedJobService } from '../../support/daemon/scripted-job-service.js'
import type { Client, World } from './rows/world.js'

const ITEM_SCHEMA = {
  type: 'object',
  required: ['item', 'valor'],
  properties: { item: { type: 'string', maxLength: 2_000_000 }, valor: { type: 'number', minimum: 0 } },
}

const JOB_NAMES = ['JOB_A', 'job_a1', 'job_a2', 'job_a3', 'work', 'endless', 'failing', 'slow', 'retrying']

/** The four services on a job service that runs nothing: `reach` moves the jobs. */
export interface ScriptedWorld extends World {
  readonly app: FastifyInstance
  readonly jobs: ScriptedJobService
  close(): Promise<void>
}

export interface ScriptedWorldOptions {
  readonly config?: Partial<DaemonConfig>
  /** In place of, or beside, the usual ones. */
  readonly jobs?: readonly JobDefinition[]
  /** Epoch milliseconds. Default: the real time. */
  readonly now?: () => number
}

export async function createScriptedWorld(options: ScriptedWorldOptions = {}): Promise<ScriptedWorld> {
  const definitions = new Map(JOB_NAMES.map(name => [name, sampleJob(name)]))
  definitions.set('item', sampleJob('item', { input: ITEM_SCHEMA, cost: 'valor' }))
  for (const job of options.jobs ?? []) definitions.set(job.name, job)

  const now = options.now ?? Date.now
  const jobs = new ScriptedJobService({ jobs: definitions.values(), now })
  const config = sampleConfig({
    jobs: definitions,
    groups: new Map([
      ['group_a', ['job_a1', 'job_a2', 'job_a3']],
      ['group_b', ['job_b1', 'job_b2', 'job_b3']],
      ['group_c', []],
    ]),
    work: { job: 'work', logFile: '/nowhere/log.txt' },
    queue: { job: 'item', batch: 100 },
    ...options.config,
  })
  const services = [apiRoute, workScheduler, jobScheduler, groupApi, queueTool]
  const app = await createServer({ config, jobs, now, log: pino({ level: 'silent' }) }, services)
  return {
    app,
    jobs,
    request: injectClient(app),
    names: { quick: 'JOB_A', endless: 'endless', failing: 'failing', slow: 'slow', retrying: 'retrying' },
    batchLimit: config.queue.batch,
    reach: async (id, state) => {
      if (jobs.recordOf(id).state === 'waiting') jobs.start(id)
      if (state === 'succeeded') jobs.succeed(id)
      if (state === 'failed') jobs.fail(id)
      if (state === 'timed_out') jobs.timeOut(id)
      if (state === 'cancelled') jobs.stop(id)
      if (state === 'retrying') jobs.retryLater(id, now() + 60_000)
    },
    close: () => app.close(),
  }
}

/** Asks a server that does not listen, as `fetch` would; it follows no redirects. */
function injectClient(app: FastifyInstance): Client {
  return async (path, init = {}) => {
    const url = path as InjectOptions['url'] & string
    const { method = 'GET', redirect: _redirect, ...rest } = init
    // The boundary of a form, and the content type, are made by the platform as they are for fetch.
    const sent = new Request('http://localhost/', { ...rest, method: rest.body == null ? method : 'POST' })
    const payload = rest.body == null ? undefined : Buffer.from(await sent.arrayBuffer())
    const answer = await app.inject({
      method: method as NonNullable<InjectOptions['method']>,
      url,
      headers: Object.fromEntries(sent.headers),
      ...(payload !== undefined && { payload }),
    })
    const headers = new Headers()
    for (const [name, value] of Object.entries(answer.headers)) headers.set(name, String(value))
    const empty = answer.statusCode === 204 || answer.statusCode === 304 || method === 'HEAD'
    return new Response(empty ? null : new Uint8Array(answer.rawPayload), {
      status: answer.statusCode,
      headers,
    })
  }
}
