import formbody from '@fastify/formbody'
import multipart from '@fastify/multipart'
import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { FINAL_STATES, isFinal, type JobState } from '../../jobs/job.js'
import type { JobView } from '../../jobs/job-service.js'
import type { HttpContext, HttpService } from '../http-service.js'
import { describedOnly, IdempotencyHeader, messageAnswer, problemAnswer } from './answer-schemas.js'
import { idempotencyOf } from './idempotency-key.js'
import { readJobForm } from './job-form.js'
import { isJobId } from './job-ids.js'
import { JobRecordAnswer, recordOf } from './job-record.js'
import { RequestError } from './request-error.js'

/** The most jobs in each of the maps of `GET /jobs`: the newest. */
const MOST_SHOWN = 1000

// In the order in which jobs move through them, so that one that moves between the looks is in at least one of them.
const MAPS: readonly (readonly JobState[])[] = [['scheduled', 'queued'], ['running'], FINAL_STATES]

const JobMap = Type.Record(Type.String(), JobRecordAnswer)
const Maps = Type.Object(
  { running: JobMap, scheduled: JobMap, history: JobMap },
  { description: 'Maps from the id of a job to its record.' },
)
const JobId = Type.Object({ id: Type.String({ format: 'uuid' }) })
const notFound = messageAnswer('No job has this id.')

/** `/job` and `/jobs`: runs a job now or later, or not at all. */
export const jobScheduler: HttpService = (app, context) => {
  app.get('/', {
    schema: {
      summary: 'Leads to the jobs.',
      tags: ['schedule'],
      response: { 302: Type.Null({ description: 'To /jobs.' }) },
    },
    handler: (_request, reply) => reply.redirect('/jobs', 302),
  })
  addReads(app, context)
  addRemoval(app, context)
  // In a scope of its own, so that no other route takes forms.
  app.register(async scope => {
    await scope.register(formbody)
    // Files are refused anyway; that they are large as well need not be told.
    await scope.register(multipart, { throwFileSizeLimit: false })
    addSubmission(scope, context)
  })
}

function addReads(app: FastifyInstance, { jobs }: HttpContext): void {
  app.get('/jobs', {
    schema: {
      summary: 'All jobs, by where they stand.',
      description:
        `Each map has the newest ${MOST_SHOWN} jobs at most. For each that has been cut there is a Link header, ` +
        'rel="next", to where the list goes on.',
      tags: ['schedule'],
      response: { 200: Maps },
    },
    handler: async (_request, reply) => {
      const found = new Map<string, JobView>()
      const links: string[] = []
      for (const states of MAPS) {
        const page = await jobs.list({ states, limit: MOST_SHOWN, order: 'newest' })
        for (const job of page.jobs) found.set(job.id, job)
        if (page.next !== null) links.push(linkTo(states, page.next))
      }
      if (links.length > 0) reply.header('link', links.join(', '))
      return reply.send(mapsOf(found.values()))
    },
  })

  app.get<{ Params: { readonly id: string } }>('/job/:id', {
    validatorCompiler: describedOnly,
    schema: {
      summary: 'A job.',
      tags: ['schedule'],
      params: JobId,
      response: { 200: JobRecordAnswer, 404: notFound },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const job = isJobId(id) ? await jobs.get(id) : undefined
      return job === undefined ? reply.code(404).send(unknownJob(id)) : reply.send(recordOf(job))
    },
  })
}

function addRemoval(app: FastifyInstance, { jobs }: HttpContext): void {
  app.delete<{ Params: { readonly id: string } }>('/job/:id', {
    validatorCompiler: describedOnly,
    schema: {
      summary: 'De-schedules a job, or cancels it while it runs.',
      tags: ['schedule'],
      params: JobId,
      response: {
        200: messageAnswer('It will not run.'),
        202: messageAnswer('It runs, and has been told to end.'),
        404: notFound,
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const outcome = isJobId(id) ? await jobs.cancel(id, 'cancelled by DELETE /job') : 'unknown'
      if (outcome === 'cancelled') return reply.send({ message: `job ${id} was de-scheduled` })
      if (outcome === 'cancelling') return reply.code(202).send({ message: `job ${id} is being canceled` })
      return reply.code(404).send(unknownJob(id))
    },
  })
}

function addSubmission(app: FastifyInstance, { config, jobs, now }: HttpContext): void {
  const [anyJob] = jobs.definitions.keys()

  app.post('/job', {
    validatorCompiler: describedOnly,
    schema: {
      summary: 'Runs a job at a date, or after a time; a past date and 0s run it now.',
      description:
        'The fields come as a form, as JSON or in the query; the body goes before the query, and time before date. ' +
        'A local time that the clocks leave out when they are put forward is that much later; one that they show ' +
        'twice is the first.',
      tags: ['schedule'],
      consumes: ['multipart/form-data', 'application/x-www-form-urlencoded', 'application/json'],
      headers: IdempotencyHeader,
      body: Type.Object({
        job_name: Type.String(),
        date: Type.Optional(
          Type.String({ description: 'DD-MM-YYYY HH:MM:SS, or ISO 8601; local without a zone.' }),
        ),
        time: Type.Optional(Type.String({ description: 'From now on: 30s, 2m, 1h, 4d, 500ms, 2h30m.' })),
        input: Type.Optional(Type.Unknown({ description: 'What the job is given; in JSON bodies only.' })),
      }),
      response: {
        200: messageAnswer('It will run.'),
        400: problemAnswer('A field is missing or wrong; the message names it and shows a good value.'),
        409: problemAnswer('The idempotency key was used for another request.'),
        413: problemAnswer('Too large a body.'),
        415: problemAnswer('The body is neither a form nor JSON.'),
        503: problemAnswer('Jobs cannot be kept just now.'),
      },
    },
    handler: async (request, reply) => {
      const form = await readJobForm(request, now(), config.limits.body, anyJob ?? 'JOB_A')
      const { jobName: name, when, dueAt, input } = form
      if (!jobs.definitions.has(name)) {
        const advice = anyJob === undefined ? 'none is configured' : `give one of them, such as ${anyJob}`
        throw new RequestError(`job_name ${JSON.stringify(name)} is none of the configured jobs: ${advice}.`)
      }
      const idempotency = idempotencyOf(request, [name, when, 'input' in form ? [input] : []])
      const { jobs: accepted } = await jobs.submit([{ name, source: 'schedule', input, dueAt }], idempotency)
      const job = accepted[0]!
      return reply.send({
        message: `job ${name} with id ${job.id} will be scheduled to run in ${when}`,
      })
    },
  })
}

function mapsOf(jobs: Iterable<JobView>) {
  const running: Record<string, JobRecordAnswer> = {}
  const scheduled: Record<string, JobRecordAnswer> = {}
  const history: Record<string, JobRecordAnswer> = {}
  for (const job of jobs) {
    const map = isFinal(job.state) ? history : job.state === 'running' ? running : scheduled
    map[job.id] = recordOf(job)
  }
  return { running, scheduled, history }
}

function linkTo(states: readonly JobState[], after: string): string {
  const query = new URLSearchParams()
  for (const state of states) query.append('state', state)
  query.append('after', after)
  return `</v1/jobs?${query}>; rel="next"`
}

function unknownJob(id: string): { readonly message: string } {
  return { message: `job with id ${id} not found` }
}
