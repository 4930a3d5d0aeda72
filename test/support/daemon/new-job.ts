import { randomUUID } from 'node:crypto'
import type { AcceptedJob } from '#daemon/store/job-store.js'

/** A job to be accepted, due when it is accepted, at instant 1,000; with whatever is to be otherwise. */
export function newJob(changes: Partial<AcceptedJob> = {}): AcceptedJob {
  const acceptedAt = changes.acceptedAt ?? 1000
  return {
    id: randomUUID(),
    name: 'report',
    lane: 'bulk',
    priority: 0,
    source: 'v1',
    input: null,
    cost: 1,
    acceptedAt,
    dueAt: acceptedAt,
    claimed: false,
    ...changes,
  }
}
