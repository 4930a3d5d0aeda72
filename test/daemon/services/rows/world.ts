import * as assert from 'uvu/assert'

/** A request to the daemon, by path. As `fetch`, it follows redirects unless it is told not to. */
export type Client = (path: string, init?: RequestInit) => Promise<Response>

/** A daemon to ask over HTTP, whatever is behind it. */
export interface World {
  readonly request: Client
  /** What its configuration has, beside the groups and jobs of the shipped example. */
  readonly names: {
    /** Ends well within two seconds. */
    readonly quick: string
    /** Runs until it is cancelled. */
    readonly endless: string
    /** Fails with the message `it went wrong`. */
    readonly failing: string
    /** Exceeds its time-out. */
    readonly slow: string
    /** Fails, and waits long for its second attempt. */
    readonly retrying: string
  }
  /** The most items in a batch. */
  readonly batchLimit: number
  /**
   * Resolves once the job is in that state: waits for it, or brings it about. `running` is asked for of the endless job
   * alone; `retrying` waits for its next attempt.
   */
  reach(
    id: string,
    state: 'running' | 'succeeded' | 'failed' | 'timed_out' | 'cancelled' | 'retrying',
  ): Promise<void>
}

/** What the contract promises, by the name of its row. */
export type Row = readonly [name: string, holds: (world: World) => Promise<void>]

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
export const NO_JOB = '00000000-0000-4000-8000-000000000000'

/** What nobody would call a job: each as a part of a path, encoded. */
export const ODD_IDS = [
  'x',
  '%00',
  '..%2f..%2fetc%2fpasswd',
  '%E2%98%83',
  "1'%20OR%20'1'='1",
  '%3Cb%3E',
  NO_JOB.toUpperCase().replaceAll('0', 'A'),
  `${NO_JOB}0`,
  'constructor',
  '__proto__',
]

export async function jsonOf(response: Response): Promise<unknown> {
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/)
  return response.json()
}

/** The message of an answer in JSON, whose status is looked at as well. */
export async function messageOf(response: Response, status: number): Promise<string> {
  const body = await jsonOf(response)
  assert.is(response.status, status, JSON.stringify(body))
  return (body as { readonly message: string }).message
}

export function json(body: unknown, headers: Readonly<Record<string, string>> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

/** The id of a job that was just accepted through the job scheduler. */
export async function scheduled({ request }: World, name: string, time = '0s'): Promise<string> {
  const query = new URLSearchParams({ job_name: name, time })
  const message = await messageOf(await request(`/job?${query}`, { method: 'POST' }), 200)
  const id = /with id (\S+) will/.exec(message)?.[1]
  assert.ok(id, message)
  return id
}

/** How many jobs there are in all, to tell that a request started none. */
export async function jobCount({ request }: World): Promise<number> {
  const maps = (await jsonOf(await request('/jobs'))) as Readonly<Record<string, object>>
  return Object.values(maps).reduce((sum, map) => sum + Object.keys(map).length, 0)
}

/** Asserts that the requests are answered so, and that no job came of them. */
export async function startsNothing(world: World, requests: () => Promise<void>): Promise<void> {
  const before = await jobCount(world)
  await requests()
  assert.is(await jobCount(world), before)
}
