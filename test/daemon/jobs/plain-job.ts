import type { JobDefinition } from '#daemon/jobs/job-definition.js'
import type { AcceptedJob, ClaimedJob } from '#daemon/store/job-store.js'

/** A definition of a job that is tried once, and taken up again after two interruptions. */
export function plainDefinition(changes: Partial<JobDefinition> = {}): JobDefinition {
  return {
    name: 'plain',
    lane: 'lane',
    priority: 0,
    work: { kind: 'shell', command: 'true', cwd: '/', env: {} },
    timeout: null,
    retries: { limit: 0, delay: 100, factor: 2, maxDelay: 10_000 },
    interruptions: 2,
    expected: 1000,
    cost: null,
    input: null,
    ...changes,
  }
}

export function definitionsOf(...definitions: readonly JobDefinition[]): Map<string, JobDefinition> {
  return new Map(definitions.map(definition => [definition.name, definition]))
}

/** A job as the store hands it out. */
export function claimedJob(changes: Partial<ClaimedJob> = {}): ClaimedJob {
  return {
    id: 'job-1',
    sequence: 1,
    name: 'plain',
    lane: 'lane',
    priority: 0,
    source: 'work',
    cost: 1,
    state: 'waiting',
    attempt: 0,
    interruptions: 0,
    acceptedAt: 1_000_000,
    scheduledAt: 1_000_000,
    dueAt: 1_000_000,
    startedAt: null,
    finishedAt: null,
    error: null,
    input: null,
    ...changes,
  }
}

/** A job as a service puts it into the store. */
export function acceptedJob(changes: Partial<AcceptedJob> = {}): AcceptedJob {
  return {
    id: 'job-1',
    name: 'plain',
    lane: 'lane',
    priority: 0,
    source: 'work',
    input: null,
    cost: 1,
    acceptedAt: 1_000_000,
    dueAt: 1_000_000,
    claimed: false,
    ...changes,
  }
}
