import { type TSchema, Type } from '@sinclair/typebox'
import type { HttpService } from '../http-service.js'
import { describedOnly, IdempotencyHeader, problemAnswer } from './answer-schemas.js'
import { Batch, BatchAnswer, batchSubmission } from './queue-tool.js'
import { WorkAccepted, workSubmission } from './work-scheduler.js'

/**
 * `POST /api`, which two services share: an array is a batch for the queue tool, anything else, and an empty body,
 * starts the work scheduler's job.
 */
export const apiRoute: HttpService = (app, context) => {
  const submitWork = workSubmission(context)
  const submitBatch = batchSubmission(context)
  const body: TSchema = Type.Union([Batch, Type.Unknown({ description: 'Or anything but an array.' })])

  app.post('/api', {
    validatorCompiler: describedOnly,
    schema: {
      summary: 'Runs the work job; or, given an array, a job for each of its items.',
      description: 'The body may be left out, for the work job.',
      tags: ['work', 'queue'],
      headers: IdempotencyHeader,
      body,
      response: {
        200: BatchAnswer,
        202: WorkAccepted,
        400: problemAnswer('Malformed JSON, or an input the job does not take.'),
        409: problemAnswer('The idempotency key was used for another request.'),
        413: problemAnswer('Too large a body, or too many items.'),
        415: problemAnswer('The body is not JSON.'),
        503: problemAnswer('No job is configured for it, or jobs cannot be kept just now.'),
      },
    },
    handler: async (request, reply) => {
      const given: unknown = request.body
      return Array.isArray(given) ? submitBatch(given, request, reply) : submitWork(given, request, reply)
    },
  })
}
