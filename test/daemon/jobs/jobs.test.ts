import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type JobRequest, JobServiceError } from '#daemon/jobs/job-service.js'
import { StoreError } from '#daemon/store/store-error.js'
import { drained } from '../../support/daemon/manual-daemon-clock.js'
import { rejectionOf } from '../../support/rejection.js'
import { JobCoreWorld } from './job-core-world.js'
import { acceptedJob, plainDefinition } from './plain-job.js'

const test = suite('jobs')

const DEFINITIONS = [
  plainDefinition({ priority: 3 }),
  plainDefinition({ name: 'retried', retries: { limit: 1, delay: 500, factor: 1, maxDelay: 500 } }),
  plainDefinition({
    name: 'valued',
    cost: 'valor',
    expected: 2000,
    input: { type: 'object', required: ['valor'] },
  }),
]

function world(slots = 2): Promise<JobCoreWorld> {
  return new JobCoreWorld(DEFINITIONS, slots).started()
}

const plain: JobRequest = { name: 'plain', source: 'work' }

test('an accepted job is kept with all that was asked for, and starts at once', async () => {
  const { jobs, lane, row, clock } = await bound()
  const request = { name: 'valued', source: 'queue', input: { valor: 3 }, priority: 9 } as const
  const { jobs: views, repeated } = await jobs.submit([request, plain])
  assert.is(repeated, false)
  assert.equal(
    views.map(({ name, priority, cost, state }) => ({ name, priority, cost, state })),
    [
      { name: 'valued', priority: 9, cost: 3, state: 'queued' },
      { name: 'plain', priority: 3, cost: 1, state: 'queued' },
    ],
  )
  assert.is(row(views[0]!.id).input, '{"valor":3}')
  assert.is(row(views[0]!.id).acceptedAt, clock.now())
  assert.equal(
    [...lane.open].map(({ job }) => job.id),
    views.map(view => view.id),
  )
})

async function bound(slots = 2) {
  const made = await world(slots)
  const { jobs, lane, runner, store, clock, kept } = made
  const row = (id: string) => made.row(id)
  const submit = (name?: string) => made.submit(name)
  return {
    jobs,
    lane,
    runner,
    store,
    clock,
    kept,
    row,
    submit,
    kinds: () => made.kinds,
    changes: made.changes,
  }
}

test('what cannot be run is refused, with nothing of its group kept', async () => {
  const { jobs, kept, runner } = await bound()
  const refused: [Partial<JobRequest>, string][] = [
    [{ name: 'other' }, 'ERR_JOB_UNKNOWN'],
    [{ lane: 'other' }, 'ERR_LANE_UNKNOWN'],
    [{ name: 'valued', input: {} }, 'ERR_JOB_INPUT'],
  ]
  for (const [wrong, code] of refused) {
    const error = await rejectionOf(jobs.submit([plain, { ...plain, ...wrong }]), JobServiceError)
    assert.is(error.code, code)
  }
  assert.is(kept.rows.size, 0)
  assert.is(runner.feed.held, 0)
})

test('jobs for which there is no room wait in the store, and all of them run in their order', async () => {
  const { jobs, lane, runner } = await bound()
  const { jobs: views } = await jobs.submit(Array.from({ length: 30 }, () => plain))
  const order: string[] = []
  while (order.length < 30) {
    await drained()
    assert.ok(lane.open.size <= 4)
    const [call] = lane.open
    order.push(call!.job.id)
    call!.start().succeed()
    // As long as jobs take no time, many would be claimed ahead.
    await drained()
    if (order.length === 1) assert.is(runner.feed.busy, true)
    if (lane.open.size > 4) break
  }
  while (lane.open.size > 0) {
    const [call] = lane.open
    order.push(call!.job.id)
    call!.start().succeed()
    await drained()
  }
  assert.equal(
    order,
    views.map(view => view.id),
  )
})

test('a delayed job is scheduled, then run when its time comes', async () => {
  const { jobs, lane, clock } = await bound()
  const { jobs: views } = await jobs.submit([{ ...plain, dueAt: clock.now() + 90_000 }])
  assert.is(views[0]!.state, 'scheduled')
  await clock.runFor(89_999)
  assert.is(lane.open.size, 0)
  await clock.runFor(1)
  assert.is(lane.open.size, 1)
})

test('the same idempotency key answers the first jobs; with another request it is refused', async () => {
  const { jobs, kept, runner } = await bound()
  const key = { key: 'k', fingerprint: 'f' }
  const first = await jobs.submit([plain, plain], key)
  const second = await jobs.submit([plain, plain], key)
  assert.is(second.repeated, true)
  assert.equal(
    second.jobs.map(view => view.id),
    first.jobs.map(view => view.id),
  )
  const error = await rejectionOf(jobs.submit([plain], { ...key, fingerprint: 'g' }), JobServiceError)
  assert.is(error.code, 'ERR_KEY_REUSED')
  assert.is(kept.rows.size, 2)
  assert.is(runner.feed.held, 2)
})

test('what the store does not take is not accepted, and takes no room', async () => {
  const { jobs, store, runner } = await bound()
  store.fail('accept', 'before')
  await rejectionOf(jobs.submit([plain]), StoreError)
  assert.is(runner.feed.held, 0)
})

test('closing, it takes nothing more, and gives back what is being accepted', async () => {
  const { jobs, store, runner, kept } = await bound()
  const answer = store.hold('accept')
  const submitted = jobs.submit([plain])
  await drained()
  assert.is(runner.feed.held, 1)
  let closed = false
  const closing = jobs.close().then(() => {
    closed = true
  })
  await drained()
  assert.is(closed, false)
  answer()
  await closing
  await runner.idle()
  await submitted
  assert.equal(
    [...kept.rows.values()].map(row => row.claimedBy),
    [null],
  )
  assert.is((await rejectionOf(jobs.submit([plain]), JobServiceError)).code, 'ERR_SHUTTING_DOWN')
  const [id] = kept.rows.keys()
  assert.is((await rejectionOf(jobs.retry(id!), JobServiceError)).code, 'ERR_SHUTTING_DOWN')
})

test('a job that runs is shown with what only this daemon knows', async () => {
  const { jobs, lane, store, runner, submit, clock } = await bound()
  store.fail('start', 'before')
  const id = await submit()
  assert.is((await jobs.get(id))?.state, 'queued')
  lane.of(id).start()
  runner.hear({ kind: 'output', id, attempt: 1, tail: 'so far' })
  const view = await jobs.get(id)
  assert.is(view?.state, 'running')
  assert.is(view?.attempt, 1)
  assert.is(view?.startedAt, clock.now())
  assert.is(await jobs.logTail(id), 'so far')
  const { jobs: listed } = await jobs.list({ limit: 10, order: 'newest' })
  assert.equal(
    listed.map(job => job.state),
    ['running'],
  )
  lane.of(id).succeed('7', 'all of it')
  await drained()
  assert.is((await jobs.get(id))?.state, 'succeeded')
  assert.is(await jobs.logTail(id), 'all of it')
  assert.is(await jobs.result(id), '7')
  assert.is(await jobs.get('unknown'), undefined)
})

test('a cancel takes a job wherever it is', async () => {
  const { jobs, lane, clock, submit, row } = await bound()
  const { jobs: later } = await jobs.submit([{ ...plain, dueAt: clock.now() + 1000 }])
  assert.is(await jobs.cancel(later[0]!.id), 'cancelled')
  const queued = await submit()
  assert.is(await jobs.cancel(queued), 'cancelled')
  assert.is(row(queued).state, 'cancelled')
  const running = await submit()
  lane.of(running).start()
  assert.is(await jobs.cancel(running), 'cancelling')
  await drained()
  assert.is(row(running).state, 'cancelled')
  assert.is(await jobs.cancel(running), 'finished')
  assert.is(await jobs.cancel('unknown'), 'unknown')
})

test('a job whose attempt has just failed, and which would be tried again, can be cancelled', async () => {
  const { jobs, lane, store, submit, row, clock } = await bound()
  const id = await submit('retried')
  const answer = store.hold('settle')
  lane.of(id).start().fail()
  await drained()
  const cancelled = jobs.cancel(id)
  await drained()
  answer()
  assert.is(await cancelled, 'cancelled')
  await clock.runFor(60_000)
  assert.is(row(id).state, 'cancelled')
  assert.is(lane.open.size, 0)
})

test('a job that is being cut off for a shutdown can be cancelled', async () => {
  const { jobs, lane, runner, store, submit, row } = await bound()
  const id = await submit()
  lane.of(id).start()
  await drained()
  const answer = store.hold('release')
  runner.cutOff()
  await drained()
  const cancelled = jobs.cancel(id)
  await drained()
  answer()
  assert.is(await cancelled, 'cancelled')
  assert.is(row(id).state, 'cancelled')
})

test('a finished job is run again on request, one that succeeded or is unfinished is not', async () => {
  const { jobs, lane, submit, row } = await bound()
  const id = await submit()
  assert.is(await jobs.retry(id), 'unfinished')
  lane.of(id).start().fail()
  await drained()
  assert.is(await jobs.retry(id), 'waiting')
  await drained()
  lane.of(id).start().succeed()
  await drained()
  assert.is(row(id).state, 'succeeded')
  assert.is(await jobs.retry(id), 'succeeded')
  assert.is(await jobs.retry('unknown'), 'unknown')
})

test('a job whose end is not known to be recorded is not run again, or that record would end it', async () => {
  const { jobs, lane, store, submit, row, clock } = await bound()
  const id = await submit()
  store.fail('settle', 'after')
  lane.of(id).start().fail()
  await drained()
  assert.is(row(id).state, 'failed')
  assert.is(await jobs.retry(id), 'unfinished')
  store.heal('settle')
  await clock.runFor(1000)
  assert.is(await jobs.retry(id), 'waiting')
  await drained()
  lane.of(id).start().succeed()
  await drained()
  assert.is(row(id).state, 'succeeded')
})

test('each start, retry and end is told when it happens, until one no longer listens', async () => {
  const { jobs, lane, submit, kinds, changes, clock } = await bound()
  const heard: string[] = []
  const stop = jobs.onChange(({ kind }) => heard.push(kind))
  const id = await submit('retried')
  lane.of(id).start()
  clock.pass(40)
  lane.of(id).fail()
  await drained()
  await clock.runFor(500)
  stop()
  lane.of(id).start()
  clock.pass(60)
  lane.of(id).succeed()
  await drained()
  assert.equal(heard, ['started', 'retrying'])
  assert.equal(kinds(), ['started running', 'retrying scheduled', 'started running', 'finished succeeded'])
  assert.is(changes.at(-1)?.job.attempt, 2)
  assert.is(changes.at(-1)?.at, clock.now())
})

test('an estimate goes by what is expected, then by what was seen', async () => {
  const { jobs, lane, clock, runner } = await bound(1)
  const request: JobRequest = { name: 'valued', source: 'queue', input: { valor: 1 } }
  const { jobs: views } = await jobs.submit([request, { ...request, input: { valor: 1 } }])
  const [first, second] = views
  assert.is((await jobs.estimate(second!)).doneAt, clock.now() + 2000 + 2000)
  lane.of(first!.id).start()
  clock.pass(500)
  assert.is((await jobs.estimate((await jobs.get(first!.id))!)).secondsLeft, 1.5)
  lane.of(first!.id).succeed()
  await drained()
  const finished = await jobs.estimate((await jobs.get(first!.id))!)
  assert.equal(finished, { doneAt: clock.now(), secondsLeft: 0 })
  clock.pass(1000)
  assert.is((await jobs.estimate((await jobs.get(second!.id))!)).doneAt, clock.now() + 500)
  assert.is(runner.feed.held, 1)
})

test('a job of an absurd cost makes no estimate of another wrong, before and after a restart', async () => {
  for (const absurd of [1e-310, 1e-300, 1e308]) {
    const made = await world()
    const valued = (valor: number): JobRequest => ({ name: 'valued', source: 'queue', input: { valor } })
    const { jobs: first } = await made.jobs.submit([valued(absurd)])
    made.lane.of(first[0]!.id).start()
    made.clock.pass(3)
    made.lane.of(first[0]!.id).succeed()
    await drained()
    const { jobs: views } = await made.jobs.submit([valued(2)])
    assert.is((await made.jobs.estimate(views[0]!)).secondsLeft, 4)

    const next = new JobCoreWorld(DEFINITIONS)
    for (const [id, row] of made.kept.rows) if (row.state === 'succeeded') next.kept.rows.set(id, row)
    await next.started()
    const { jobs: later } = await next.jobs.submit([valued(2)])
    assert.is((await next.jobs.estimate(later[0]!)).secondsLeft, 4)
  }
})

test('what was learned before a restart is known after it', async () => {
  const made = new JobCoreWorld(DEFINITIONS)
  await made.store.accept([acceptedJob()])
  Object.assign(made.row('job-1'), { state: 'succeeded', startedAt: 0, finishedAt: 70 })
  await made.started()
  const { jobs: views } = await made.jobs.submit([plain])
  assert.is((await made.jobs.estimate(views[0]!)).secondsLeft, 0.07)
})

test('a priority or an instant that is none is refused, and nothing of the call is kept', async () => {
  const { jobs, kept } = await world()
  const wrong = [{ priority: -1 }, { priority: 1.5 }, { priority: 1_000_001 }, { priority: Number.NaN }]
  const never = [Number.NaN, Number.POSITIVE_INFINITY, 8.64e15 + 1].map(dueAt => ({ dueAt }))
  for (const terms of [...wrong, ...never]) {
    const error = await rejectionOf(jobs.submit([plain, { ...plain, ...terms }]), JobServiceError)
    assert.is(error.code, 'ERR_JOB_TERMS')
  }
  assert.is(kept.rows.size, 0)
})

test.run()
