import type { DaemonConfig } from '#daemon/config/daemon-config.js'
import type { JobDefinition } from '#daemon/jobs/job-definition.js'

/** A job that nothing runs, for services that are tested without lanes. */
export function sampleJob(name: string, changes: Partial<JobDefinition> = {}): JobDefinition {
  return {
    name,
    lane: 'normal',
    priority: 100,
    work: { kind: 'shell', command: 'true', cwd: '/', env: {} },
    timeout: null,
    retries: { limit: 0, delay: 1000, factor: 2, maxDelay: 60_000 },
    interruptions: 3,
    expected: 2000,
    cost: null,
    input: null,
    ...changes,
  }
}

/** A complete configuration: the lanes urgent, normal and bulk, the job `report`, no tokens, small limits. */
export function sampleConfig(changes: Partial<DaemonConfig> = {}): DaemonConfig {
  return {
    listen: { host: '127.0.0.1', port: 0 },
    tokens: { read: null, write: null },
    hosts: [],
    data: '/nowhere',
    lanes: { urgent: { priority: 'user-blocking' }, normal: {}, bulk: { priority: 'background' } },
    jobs: new Map([['report', sampleJob('report')]]),
    groups: new Map(),
    work: { job: null, logFile: '/nowhere/log.txt' },
    queue: { job: null, batch: 1000 },
    limits: { body: 1024 * 1024, depth: 32, request: 5000, connections: 1000 },
    retention: { age: 60_000, count: 1000 },
    shutdown: { drain: 1000 },
    log: { level: 'silent' },
    warnings: [],
    ...changes,
  }
}
