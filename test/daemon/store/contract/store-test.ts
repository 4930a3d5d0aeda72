import type { AcceptedJob, JobStore } from '#daemon/store/job-store.js'

/** Stores over the same jobs: `store` of the first owner, and one of any other. */
export interface Stores {
  readonly store: JobStore
  readonly ofOwner: (owner: string) => Promise<JobStore>
}

export interface ContractTest {
  readonly name: string
  readonly run: (stores: Stores) => Promise<void>
}

export function storeTest(name: string, run: ContractTest['run']): ContractTest {
  return { name, run }
}

/** Accepts jobs, each in a call of its own. */
export async function acceptAll(store: JobStore, jobs: readonly AcceptedJob[]): Promise<void> {
  for (const job of jobs) await store.accept([job])
}

/** Runs a job that the store's owner holds to its end. */
export async function succeed(
  store: JobStore,
  id: string,
  { startedAt = 2000, finishedAt = 3000, result = null as string | null, log = '' } = {},
): Promise<void> {
  await store.start(id, { attempt: 1, startedAt, process: null })
  await store.settle(id, { kind: 'succeeded', attempt: 1, finishedAt, result, log })
}

export const ERROR = { name: 'RangeError', message: 'no price for tea', code: 'ERR_PRICE', stack: 'at here' }
