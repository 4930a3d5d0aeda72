import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { drained } from '../../support/daemon/manual-daemon-clock.js'
import { MemoryJobStore } from '../../support/daemon/memory-job-store.js'
import { JobCoreWorld } from './job-core-world.js'
import { acceptedJob, plainDefinition } from './plain-job.js'

const test = suite('lane runner')

const RETRIED = plainDefinition({ name: 'retried', retries: { limit: 1, delay: 0, factor: 1, maxDelay: 0 } })
const PROCESS = { pid: 1, startTicks: '1', bootId: 'b' }

function world(slots = 2): Promise<JobCoreWorld> {
  return new JobCoreWorld([plainDefinition(), RETRIED], slots).started()
}

test('runs a job and records its start and its end', async () => {
  const { lane, runner, row, submit, ...rest } = await bound()
  const id = await submit()
  lane.of(id).start()
  await drained()
  assert.is(row(id).state, 'running')
  assert.is(row(id).attempt, 1)
  lane.of(id).succeed('7', 'words')
  await drained()
  assert.is(row(id).state, 'succeeded')
  assert.is(row(id).log, 'words')
  assert.is(runner.feed.held, 0)
  assert.equal([...runner.attempts], [])
  assert.equal(rest.kinds(), ['started running', 'finished succeeded'])
})

async function bound(slots = 2) {
  const made = await world(slots)
  const { lane, runner, store, clock, kept, jobs } = made
  return {
    lane,
    runner,
    store,
    clock,
    kept,
    jobs,
    row: (id: string) => made.row(id),
    submit: (name?: string) => made.submit(name),
    kinds: () => made.kinds,
    troubles: made.troubles,
  }
}

test('a job that fails is run again by its policy, and then fails', async () => {
  const { lane, row, submit, kinds, clock } = await bound()
  const id = await submit('retried')
  lane.of(id).start().fail()
  await clock.runFor(0)
  lane.of(id).start().fail('again')
  await clock.runFor(0)
  assert.is(row(id).state, 'failed')
  assert.is(row(id).attempt, 2)
  assert.is(row(id).error?.message, 'again')
  assert.equal(kinds(), ['started running', 'retrying scheduled', 'started running', 'finished failed'])
})

test('a job claimed again before its last end is confirmed does not run twice', async () => {
  const { lane, row, submit, store, runner, clock } = await bound()
  const id = await submit('retried')
  store.fail('settle', 'after')
  lane.of(id).start().fail()
  await drained()
  assert.is(row(id).state, 'waiting')
  runner.feed.notify(clock.now())
  await drained()
  assert.is(row(id).claimedBy, 'owner')
  assert.is(lane.open.size, 0)
  store.heal('settle')
  await clock.runFor(200)
  assert.is(lane.open.size, 1)
  assert.ok(runner.attempt(id))
  lane.of(id).start().succeed()
  await drained()
  assert.is(row(id).state, 'succeeded')
  assert.is(row(id).attempt, 2)
  assert.is(runner.feed.held, 0)
})

test('its start is told once, also if its process is known before', async () => {
  const { lane, submit, runner, kinds, row } = await bound()
  const id = await submit()
  runner.hear({ kind: 'process', id, attempt: 1, process: PROCESS })
  lane.of(id).start()
  await drained()
  assert.equal(kinds(), ['started running'])
  assert.equal(row(id).process, PROCESS)
  const other = await submit()
  lane.of(other).start()
  runner.hear({ kind: 'process', id: other, attempt: 1, process: PROCESS })
  await drained()
  assert.equal(kinds(), ['started running', 'started running'])
  assert.equal(row(other).process, PROCESS)
})

test('after a crash, the start of what was left is recorded before it happens', async () => {
  const made = new JobCoreWorld([plainDefinition()])
  await made.store.accept([acceptedJob()])
  const answer = made.store.hold('start')
  await made.started(true)
  assert.is(made.row('job-1').state, 'running')
  assert.is(made.lane.open.size, 0)
  answer()
  await drained()
  assert.is(made.lane.open.size, 1)
  const later = made.clock
  later.pass(1)
  const id = await made.submit()
  assert.is(made.row(id).attempt, 0)
  assert.ok(made.lane.of(id))
})

test('what was left is not started while its start cannot be recorded, and is later', async () => {
  const made = new JobCoreWorld([plainDefinition()])
  await made.store.accept([acceptedJob()])
  made.store.fail('start', 'before')
  await made.started(true)
  await made.clock.runFor(12_000)
  assert.is(made.lane.open.size, 0)
  assert.ok(made.troubles.length >= 2)
  made.store.heal('start')
  await made.clock.runFor(6000)
  assert.is(made.lane.open.size, 1)
})

test('what can never run fails, and says why', async () => {
  const made = new JobCoreWorld([plainDefinition({ interruptions: 1 })])
  await made.store.accept([acceptedJob({ name: 'gone' }), acceptedJob({ id: 'job-2' })])
  Object.assign(made.row('job-2'), { interruptions: 2, attempt: 2 })
  await made.started()
  assert.is(made.row('job-1').state, 'failed')
  assert.is(made.row('job-1').error?.code, 'ERR_JOB_UNKNOWN')
  assert.is(made.row('job-2').state, 'failed')
  assert.is(made.row('job-2').error?.code, 'ERR_JOB_INTERRUPTED')
  assert.is(made.row('job-2').attempt, 2)
  assert.is(made.runner.feed.held, 0)
})

test('a cancel is confirmed once it is recorded', async () => {
  const { submit, store, runner, row, clock } = await bound()
  const id = await submit()
  const answer = store.hold('settle')
  let told: string | undefined
  runner.cancel(id, 'why').then(outcome => {
    told = outcome
  })
  await drained()
  assert.is(told, undefined)
  answer()
  await drained()
  assert.is(told, 'cancelled')
  assert.is(row(id).state, 'cancelled')
  assert.is(clock.pending, 1, 'the timer of the feed alone is left')
})

test('a cancel that a store in trouble does not take is under way for the time being', async () => {
  const { submit, store, runner, row, clock } = await bound()
  const id = await submit()
  store.fail('settle', 'before')
  let told: string | undefined
  runner.cancel(id, 'why').then(outcome => {
    told = outcome
  })
  await clock.runFor(60_000)
  assert.is(told, 'cancelling')
  store.heal('settle')
  await clock.runFor(5000)
  assert.is(row(id).state, 'cancelled')
})

test('that a running job is to be cancelled is on record before it is answered', async () => {
  const { submit, store, runner, row, lane, kept } = await bound()
  const id = await submit()
  lane.of(id).start()
  await drained()
  const ended = store.hold('settle')
  assert.is(await runner.cancel(id, 'why'), 'cancelling')
  assert.is(row(id).state, 'running')
  // As after a crash of its daemon.
  const next = new MemoryJobStore('the next daemon', kept)
  await next.recover()
  assert.equal((await next.claim('lane', 9, 1e9)).jobs, [])
  assert.is(row(id).state, 'cancelled')
  ended()
})

test('a job that is cancelled before it has started counts no attempt', async () => {
  const { submit, runner, row } = await bound()
  const id = await submit()
  assert.is(await runner.cancel(id, 'why'), 'cancelled')
  const { state, attempt, startedAt } = row(id)
  assert.equal([state, attempt, startedAt], ['cancelled', 0, null])
})

test('stopped it gives back what has not started, and what runs runs on', async () => {
  const { submit, lane, runner, row, kept } = await bound()
  const ids = [await submit(), await submit(), await submit(), await submit(), await submit()]
  lane.of(ids[0]!).start()
  await runner.stop()
  await drained()
  assert.is(row(ids[0]!).state, 'running')
  assert.equal(
    [...kept.rows.values()].filter(one => one.claimedBy !== null).map(one => one.id),
    [ids[0]],
  )
  let idle = false
  runner.idle().then(() => {
    idle = true
  })
  await drained()
  assert.is(idle, false)
  lane.of(ids[0]!).succeed()
  await drained()
  assert.is(idle, true)
  assert.is(row(ids[0]!).state, 'succeeded')
})

test('what is claimed while it stops is given back', async () => {
  const { runner, store, kept, clock, lane } = await bound()
  await store.accept([acceptedJob()])
  const answer = store.hold('claim')
  runner.feed.notify(clock.now())
  const stopped = runner.stop()
  assert.is(kept.rows.get('job-1')?.claimedBy, 'owner')
  answer()
  await stopped
  await runner.idle()
  assert.is(kept.rows.get('job-1')?.claimedBy, null)
  assert.is(lane.open.size, 0)
})

test('cut off, a job stays to be done, and nothing is counted against it', async () => {
  const { submit, lane, runner, row } = await bound()
  const id = await submit()
  lane.of(id).start()
  await drained()
  await runner.stop()
  assert.is(runner.cutOff(), 1)
  await runner.idle()
  const { state, attempt, interruptions, claimedBy } = row(id)
  assert.equal(
    { state, attempt, interruptions, claimedBy },
    {
      state: 'waiting',
      attempt: 0,
      interruptions: 0,
      claimedBy: null,
    },
  )
})

test('when its lane fails for good, what waited in it is given back uncounted, and nothing more is claimed', async () => {
  const { submit, lane, runner, row, clock, jobs } = await bound()
  const running = await submit()
  const queued = await submit()
  lane.of(running).start()
  await drained()
  lane.failForGood()
  await clock.runFor(60_000)
  assert.is(runner.failed, true)
  assert.is(row(queued).attempt, 0)
  assert.is(row(queued).interruptions, 0)
  assert.is(row(running).interruptions, 1)
  const later = await submit()
  await clock.runFor(60_000)
  for (const id of [running, queued, later]) {
    assert.is(row(id).state, 'waiting')
    assert.is(row(id).claimedBy, null)
  }
  assert.is(await jobs.probe().catch(error => error.message), 'lane lane has failed for good')
})

test('an end that the store refuses as it is ends the job as failed, and says so', async () => {
  const { lane, row, submit, store, runner, troubles } = await bound()
  const settle = store.settle.bind(store)
  store.settle = async (id, settlement) => {
    if (settlement.kind === 'succeeded') throw new TypeError('no such text can be kept')
    await settle(id, settlement)
  }
  const id = await submit()
  lane.of(id).start().succeed('"odd"')
  await drained()
  assert.is(row(id).state, 'failed')
  assert.is(row(id).error?.code, 'ERR_JOB_UNRECORDABLE')
  assert.equal([troubles.length, runner.feed.held], [1, 0])
})

test.run()
