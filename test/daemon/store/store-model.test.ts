// @time-limit 120s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { JOB_STATES } from '#daemon/jobs/job.js'
import type { AcceptedJob, JobQuery, JobStore, Settlement, StateCount } from '#daemon/store/job-store.js'
import { MemoryJobStore, MemoryJobs } from '../../support/daemon/memory-job-store.js'
import { newJob } from '../../support/daemon/new-job.js'
import { startStore, withStoreFolder } from '../../support/daemon/store-folder.js'
import { Random } from '../../support/random.js'
import { ERROR } from './contract/store-test.js'

const test = suite('the durable store beside a simple one')

const STEPS = 1200
const OWNERS = ['first', 'second'] as const
const LANES = ['bulk', 'urgent']
const NAMES = ['report', 'mail', 'resize']

/** A call with the same arguments for both stores. */
interface Step {
  readonly what: string
  readonly owner: (typeof OWNERS)[number]
  readonly call: (store: JobStore) => Promise<unknown>
}

class Steps {
  readonly #random: Random
  readonly #ids: string[] = []
  #now = 1000

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  next(): Step {
    const random = this.#random
    this.#now += random.below(20) - (random.chance(0.02) ? 200 : 0)
    const owner = random.pick(OWNERS)
    const { what, call } = this.#call()
    return { what, owner, call }
  }

  #call(): Omit<Step, 'owner'> {
    const random = this.#random
    const now = this.#now
    const lane = random.pick(LANES)
    const id = this.#ids.length === 0 || random.chance(0.02) ? 'unknown' : random.pick(this.#ids)
    const attempt = 1 + random.below(2)
    switch (random.below(16)) {
      case 0:
      case 1:
      case 2:
        return this.#accept()
      case 3:
      case 4: {
        const limit = 1 + random.below(4)
        return { what: `claim ${lane} ${limit} at ${now}`, call: store => claimed(store, lane, limit, now) }
      }
      case 5:
      case 6: {
        const process = random.chance(0.3) ? { pid: random.below(99), startTicks: '1', bootId: 'b' } : null
        const start = { attempt, startedAt: now, process }
        return { what: `start ${id} ${attempt}`, call: store => store.start(id, start) }
      }
      case 7:
      case 8:
      case 9: {
        const settlement = this.#settlement(attempt)
        return { what: `settle ${id} ${settlement.kind}`, call: store => store.settle(id, settlement) }
      }
      case 10:
        return { what: `cancel ${id}`, call: store => store.cancel(id, now) }
      case 11:
        return { what: `retry ${id}`, call: store => store.retry(id, now) }
      case 12:
        return { what: `release ${id}`, call: store => store.release([id, 'unknown']) }
      case 13:
        return random.chance(0.2)
          ? { what: 'recover', call: store => store.recover() }
          : { what: `texts of ${id}`, call: store => textsOf(store, id) }
      case 14: {
        const bounds = [now - random.below(2000), 5 + random.below(40), 1 + random.below(4)] as const
        return { what: `sweep ${bounds}`, call: store => store.sweep(...bounds) }
      }
      default: {
        const query = this.#query()
        return { what: `list ${JSON.stringify(query)}`, call: store => store.list(query) }
      }
    }
  }

  #accept(): Omit<Step, 'owner'> {
    const random = this.#random
    const group: AcceptedJob[] = Array.from({ length: random.below(4) }, () =>
      newJob({
        acceptedAt: this.#now,
        dueAt: this.#now + (random.chance(0.3) ? random.below(500) : -random.below(2)),
        lane: random.pick(LANES),
        name: random.pick(NAMES),
        priority: random.below(3),
        cost: random.below(8) / 4,
        claimed: random.chance(0.3),
        input: random.chance(0.5) ? '"in"' : null,
      }),
    )
    this.#ids.push(...group.map(job => job.id))
    const key = random.chance(0.3)
      ? { key: `k${random.below(10)}`, fingerprint: `f${random.below(2)}` }
      : undefined
    return { what: `accept ${group.length} ${key?.key}`, call: store => store.accept(group, key) }
  }

  #settlement(attempt: number): Settlement {
    const random = this.#random
    const finishedAt = this.#now
    const log = random.chance(0.5) ? `log ${finishedAt}` : ''
    const kind = random.pick(['succeeded', 'succeeded', 'failed', 'timed_out', 'cancelled', 'again'] as const)
    if (kind === 'succeeded') return { kind, attempt, finishedAt, result: `${finishedAt}`, log }
    if (kind !== 'again') return { kind, attempt, finishedAt, error: ERROR, log }
    const dueAt = finishedAt + random.below(100)
    return { kind, attempt, dueAt, error: ERROR, interrupted: random.chance(0.5), log }
  }

  #query(): JobQuery {
    const random = this.#random
    return {
      limit: 1 + random.below(5),
      order: random.pick(['newest', 'oldest'] as const),
      now: this.#now,
      ...(random.chance(0.5) ? { states: [random.pick(JOB_STATES), random.pick(JOB_STATES)] } : {}),
      ...(random.chance(0.3) ? { name: random.pick(NAMES) } : {}),
      ...(random.chance(0.3) ? { lane: random.pick(LANES) } : {}),
      ...(random.chance(0.5) ? { after: `${random.below(this.#ids.length + 1)}` } : {}),
    }
  }
}

/** When more are due, the next claim tells what comes after them. */
async function claimed(store: JobStore, lane: string, limit: number, now: number): Promise<unknown> {
  const { jobs, more, nextDueAt } = await store.claim(lane, limit, now)
  return more ? { jobs, more } : { jobs, more, nextDueAt }
}

async function textsOf(store: JobStore, id: string): Promise<unknown> {
  return [await store.get(id), await store.input(id), await store.result(id), await store.log(id)]
}

async function overviewOf(store: JobStore, now: number): Promise<unknown> {
  const byName = ({ lane, state }: StateCount): string => `${lane} ${state}`
  const counts = [...(await store.counts(now))].sort((a, b) => (byName(a) < byName(b) ? -1 : 1))
  return {
    counts,
    list: await store.list({ limit: 1000, order: 'oldest', now }),
    profiles: await Promise.all(LANES.map(lane => store.profile(lane, now))),
    durations: await store.durations(3),
  }
}

for (const seed of [1, 2]) {
  test(`any calls are answered alike (seed ${seed})`, async () => {
    await withStoreFolder(async folder => {
      const running = await startStore(folder, OWNERS[0])
      try {
        const jobs = new MemoryJobs()
        const simple = {
          first: new MemoryJobStore(OWNERS[0], jobs),
          second: new MemoryJobStore(OWNERS[1], jobs),
        }
        const durable = { first: running.store, second: await running.ofOwner(OWNERS[1]) }
        const steps = new Steps(seed)
        for (let number = 0; number < STEPS; number++) {
          const { what, owner, call } = steps.next()
          const expected = await call(simple[owner])
          assert.equal(await call(durable[owner]), expected, `step ${number}: ${owner}: ${what}`)
          if (number % 50 !== 0) continue
          const now = 1000 + number * 10
          assert.equal(
            await overviewOf(durable.first, now),
            await overviewOf(simple.first, now),
            `after ${number}`,
          )
        }
      } finally {
        await running.close()
      }
    })
  })
}

test.run()
