import type { HttpService } from '../http-service.js'
import { JobAnswer } from './job-answer.js'
import { jobRoutes } from './job-routes.js'
import { listDefinitions } from './list-definitions.js'
import { listJobs } from './list-jobs.js'
import { submitJob } from './submit-job.js'

/** The daemon's own surface, below `/v1`. Times are ISO 8601 with their zone. */
export const v1: HttpService = (app, context) => {
  app.addSchema(JobAnswer)
  for (const service of [submitJob, listJobs, jobRoutes, listDefinitions]) service(app, context)
}
