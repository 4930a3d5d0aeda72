export { ConfigError, type ConfigProblem } from './config/config-error.js'
export type { ConfigInput } from './config/config-input.js'
export type { ConfigOverrides } from './config/config-overrides.js'
export type { DaemonConfig, LaneSettings } from './config/daemon-config.js'
export { loadConfig } from './config/load-config.js'
export { readConfig } from './config/read-config.js'
export { createDaemon, type Daemon, type StopReport } from './daemon.js'
export { type FinalState, JOB_STATES, type JobError, type JobSource, type JobState } from './jobs/job.js'
export type { JobDefinition, RetryPolicy, ShellWork, TaskWork } from './jobs/job-definition.js'
export {
  type Estimate,
  type Idempotency,
  type JobChange,
  type JobRequest,
  type JobService,
  JobServiceError,
  type JobServiceErrorCode,
  type JobView,
  type Submission,
} from './jobs/job-service.js'
export { StoreError, type StoreErrorKind } from './store/store-error.js'
export type { JobContext, JobFunction } from './work/job-context.js'
