import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../support/random.js'
import type { Ledger } from './ledger.js'
import { GROUP } from './torture-config.js'

interface Submission {
  readonly path: string
  readonly init: RequestInit
  /** How many jobs it makes. */
  readonly jobs: number
  readonly key: string | undefined
}

const LOOKS = [
  (id: string) => `/v1/jobs/${id}`,
  (id: string) => `/status/${id}`,
  (id: string) => `/api?id=${id}`,
  (id: string) => `/job/${id}`,
  (id: string) => `/check/${id.replaceAll('-', '')}`,
] as const

/** A client that asks for jobs, through all services, and now and then how they do. */
export class LoadClient {
  readonly #name: string
  readonly #random: Random
  readonly #ledger: Ledger
  /** With a key, and without an answer, or to be repeated for the sake of it. */
  readonly #again: Submission[] = []
  #requests = 0

  constructor(name: string, random: Random, ledger: Ledger) {
    this.#name = name
    this.#random = random
    this.#ledger = ledger
  }

  /** Goes on until it is told to stop, or the daemon is gone. @param pause the most milliseconds between requests */
  async run(address: string, signal: AbortSignal, pause: number): Promise<void> {
    while (!signal.aborted) {
      const { recent } = this.#ledger
      const isAnswered =
        recent.length > 0 && this.#random.chance(0.3)
          ? await this.#look(address, this.#random.pick(recent))
          : await this.#submit(address, this.#next())
      if (!isAnswered) return
      await sleep(this.#random.next() * pause)
    }
  }

  /** Sends everything that has a key and no answer once more, until there is one. */
  async finish(address: string): Promise<void> {
    for (const submission of this.#again.splice(0)) {
      if (!(await this.#submit(address, submission))) throw new Error('the daemon is gone')
    }
  }

  #next(): Submission {
    if (this.#again.length > 0 && this.#random.chance(0.3)) return this.#again.shift()!
    const key =
      this.#random.chance(0.4) || this.#requests === 0 ? `${this.#name}-${++this.#requests}` : undefined
    const kind = this.#random.pick(['v1', 'v1', 'v1', 'work', 'batch', 'group', 'later', 'later'] as const)
    switch (kind) {
      case 'v1': {
        const name = this.#random.pick(['quick', 'wait', 'burn', 'command', 'flaky', 'doomed'])
        const input = name === 'wait' ? { valor: this.#random.next() } : { ms: this.#random.below(40) }
        return json('/v1/jobs', { name, input }, 1, key)
      }
      case 'work':
        return json('/api', {}, 1, key)
      case 'batch': {
        const items = Array.from({ length: 1 + this.#random.below(8) }, (_, index) => ({
          item: `${index}`,
          valor: this.#random.next() * 0.5,
        }))
        return json('/api', items, items.length, key)
      }
      case 'group':
        return { path: '/group/all', init: withKey({ method: 'POST' }, key), jobs: GROUP.length, key }
      case 'later': {
        const body = new URLSearchParams({
          job_name: 'quick',
          time: this.#random.pick(['0s', '300ms', '1s']),
        })
        return { path: '/job', init: withKey({ method: 'POST', body }, key), jobs: 1, key }
      }
    }
  }

  /** @returns whether there was an answer */
  async #submit(address: string, submission: Submission): Promise<boolean> {
    const { path, init, jobs, key } = submission
    let text: string
    let status: number
    try {
      const response = await fetch(new URL(path, address), init)
      status = response.status
      text = await response.text()
    } catch {
      this.#ledger.count('requests without an answer')
      if (key === undefined) this.#ledger.unanswered += jobs
      else this.#again.push(submission)
      return false
    }
    const ids = idsIn(path, text)
    if (status >= 300 || ids.length !== jobs) {
      this.#ledger.sightings.push(`POST ${path} was answered ${status} ${text.slice(0, 200)}`)
      return true
    }
    this.#ledger.promised(ids, key)
    if (key !== undefined && this.#random.chance(0.2)) this.#again.push(submission)
    return true
  }

  async #look(address: string, id: string): Promise<boolean> {
    const way = this.#random.pick(LOOKS)
    try {
      const response = await fetch(new URL(way(id), address))
      const text = await response.text()
      const isKnown = response.status === 200 || response.status === 202
      this.#ledger.looked(id, isKnown)
      const state: unknown = isKnown && way === LOOKS[0] ? Reflect.get(JSON.parse(text), 'state') : undefined
      if (typeof state === 'string')
        this.#ledger.shown(id, state, state === 'succeeded' || state === 'failed')
      return true
    } catch {
      this.#ledger.count('looks without an answer')
      return false
    }
  }
}

function json(path: string, body: unknown, jobs: number, key: string | undefined): Submission {
  const headers = { 'content-type': 'application/json' }
  return {
    path,
    init: withKey({ method: 'POST', headers, body: JSON.stringify(body) }, key),
    jobs,
    key,
  }
}

function withKey(init: RequestInit, key: string | undefined): RequestInit {
  if (key === undefined) return init
  return { ...init, headers: { ...Object.fromEntries(new Headers(init.headers)), 'idempotency-key': key } }
}

/** The jobs an answer names, in whichever form its service does. */
function idsIn(path: string, text: string): string[] {
  if (path === '/job') return [/with id (\S{36}) /.exec(text)?.[1]].filter(id => id !== undefined)
  if (path.startsWith('/group/'))
    return Array.from(text.matchAll(/\/status\/([0-9a-f-]{36})/g), ([, id]) => id!)
  const hashes = Array.from(text.matchAll(/"hash":"(\w{8})(\w{4})(\w{4})(\w{4})(\w{12})"/g), match =>
    match.slice(1).join('-'),
  )
  if (hashes.length > 0) return hashes
  return Array.from(text.matchAll(/"id":"([0-9a-f-]{36})"/g), ([, id]) => id!)
}
