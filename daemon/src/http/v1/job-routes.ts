import { type Static, Type } from '@sinclair/typebox'
import { isFinal } from '../../jobs/job.js'
import type { JobService, JobView } from '../../jobs/job-service.js'
import { HttpProblem } from '../http-problem.js'
import type { HttpService } from '../http-service.js'
import { textAnswer } from '../services/answer-schemas.js'
import { EstimateAnswer, estimateAnswer, jobAnswer, jobReply, problems, unknownJob } from './job-answer.js'

const ById = Type.Object({ id: Type.String({ format: 'uuid', maxLength: 36 }) })
type ById = { Params: Static<typeof ById> }

const NO_SUCH_JOB = { 400: 'The id is not one of a job.', 404: 'There is no such job, or none any more.' }

/** What can be asked of and done with one job: the routes below `/v1/jobs/<id>`. */
export const jobRoutes: HttpService = (app, { jobs }) => {
  app.get<ById>('/v1/jobs/:id', {
    schema: {
      operationId: 'getJob',
      summary: 'Shows a job.',
      tags: ['jobs'],
      params: ById,
      response: { 200: jobReply('The job.'), ...problems(NO_SUCH_JOB) },
    },
    handler: async (request, reply) => reply.send(jobAnswer(await found(jobs, request.params.id))),
  })

  app.get<ById>('/v1/jobs/:id/result', {
    schema: {
      operationId: 'getJobResult',
      summary: 'Gives what a job returned, as it is.',
      tags: ['jobs'],
      params: ById,
      response: {
        200: Type.Unknown({ description: 'The JSON value that the job returned.' }),
        ...problems({
          ...NO_SUCH_JOB,
          404: 'There is no such job, or it returned nothing.',
          409: 'The job is not finished.',
        }),
      },
    },
    handler: async (request, reply) => {
      const job = await found(jobs, request.params.id)
      if (!isFinal(job.state)) {
        throw new HttpProblem(409, 'ERR_JOB_UNFINISHED', `The job is ${job.state}; it has no result yet.`)
      }
      const result = await jobs.result(job.id)
      if (result === undefined) throw unknownJob()
      if (result === null) {
        const message =
          job.state === 'succeeded'
            ? 'The job succeeded and returned nothing.'
            : `The job has no result: it ended as ${job.state}.`
        throw new HttpProblem(404, 'ERR_NO_RESULT', message)
      }
      // It is JSON text already, and may be large.
      return reply.type('application/json').send(result)
    },
  })

  app.get<ById>('/v1/jobs/:id/log', {
    schema: {
      operationId: 'getJobLog',
      summary:
        'Gives the end of what a job printed: of its running attempt, else of the latest finished one.',
      tags: ['jobs'],
      params: ById,
      response: { 200: textAnswer('The end of its output.'), ...problems(NO_SUCH_JOB) },
    },
    handler: async (request, reply) => {
      const log = await jobs.logTail(request.params.id)
      if (log === undefined) throw unknownJob()
      return reply.type('text/plain; charset=utf-8').send(log)
    },
  })

  // Apart from the job itself, because it takes a look at all that waits ahead of it.
  app.get<ById>('/v1/jobs/:id/estimate', {
    schema: {
      operationId: 'estimateJob',
      summary: 'Tells when a job is likely to be done.',
      tags: ['jobs'],
      params: ById,
      response: { 200: EstimateAnswer, ...problems(NO_SUCH_JOB) },
    },
    handler: async (request, reply) => {
      const job = await found(jobs, request.params.id)
      return reply.send(estimateAnswer(await jobs.estimate(job)))
    },
  })

  app.post<ById>('/v1/jobs/:id/cancel', {
    schema: {
      operationId: 'cancelJob',
      summary: 'Cancels a job.',
      tags: ['jobs'],
      params: ById,
      response: {
        200: jobReply('It had not started, and is cancelled.'),
        202: jobReply('It runs, and was told to end.'),
        ...problems({ ...NO_SUCH_JOB, 409: 'It is finished.' }),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const outcome = await jobs.cancel(id)
      if (outcome === 'unknown') throw unknownJob()
      if (outcome === 'finished') {
        throw new HttpProblem(409, 'ERR_JOB_FINISHED', 'The job is finished; nothing is left to cancel.')
      }
      return reply.code(outcome === 'cancelled' ? 200 : 202).send(jobAnswer(await found(jobs, id)))
    },
  })

  app.post<ById>('/v1/jobs/:id/retry', {
    schema: {
      operationId: 'retryJob',
      summary: 'Runs a job again that failed, timed out or was cancelled.',
      tags: ['jobs'],
      params: ById,
      response: {
        202: jobReply('It will run again, with fresh attempts.'),
        ...problems({ ...NO_SUCH_JOB, 409: 'It has not ended yet, or has succeeded.' }),
      },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const outcome = await jobs.retry(id)
      if (outcome === 'unknown') throw unknownJob()
      if (outcome === 'unfinished') {
        throw new HttpProblem(409, 'ERR_JOB_UNFINISHED', 'The job has not ended; cancel it first.')
      }
      if (outcome === 'succeeded') {
        throw new HttpProblem(
          409,
          'ERR_JOB_FINISHED',
          'The job has succeeded; submit it anew to run it again.',
        )
      }
      return reply.code(202).send(jobAnswer(await found(jobs, id)))
    },
  })
}

async function found(jobs: JobService, id: string): Promise<JobView> {
  const job = await jobs.get(id)
  if (job === undefined) throw unknownJob()
  return job
}
