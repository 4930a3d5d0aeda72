import { LaneError, TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Attempt } from '#daemon/jobs/attempt.js'
import type { JobDefinition } from '#daemon/jobs/job-definition.js'
import type { ProcessIdentity } from '#daemon/store/job-store.js'
import { drained, ManualDaemonClock } from '../../support/daemon/manual-daemon-clock.js'
import { ScriptedLane } from '../../support/daemon/scripted-lane.js'
import { claimedJob, plainDefinition } from './plain-job.js'

const test = suite('attempt')

const PROCESS: ProcessIdentity = { pid: 123, startTicks: '7', bootId: 'boot' }

function world(definition: JobDefinition = plainDefinition()) {
  const clock = new ManualDaemonClock()
  const lane = new ScriptedLane(clock)
  const told: string[] = []
  const attempt = new Attempt(claimedJob({ attempt: 1, input: '{"a":1}', priority: 7 }), definition, {
    lane,
    clock,
    endProcess: async process => void told.push(`end ${process.pid}`),
    onStart: ({ process }, first) => told.push(`${first ? 'start' : 'process'} ${process?.pid ?? '-'}`),
  })
  attempt.ended.then(end => told.push(`over: ${end.kind}`))
  const say = (kind: 'process' | 'output' | 'gone', tail = '', number = 2) => {
    const about = { id: 'job-1', attempt: number }
    attempt.hear(kind === 'process' ? { kind, ...about, process: PROCESS } : { kind, ...about, tail })
  }
  const begun = () => {
    attempt.begin()
    return lane.of('job-1')
  }
  return { clock, lane, told, attempt, say, begun }
}

test('it goes to its lane with all that the job needs, runs and ends', async () => {
  const { attempt, begun, told, clock } = world(plainDefinition({ timeout: 300 }))
  assert.is(attempt.phase, 'held')
  const call = begun()
  assert.equal(call.job, { id: 'job-1', name: 'plain', attempt: 2, input: '{"a":1}' })
  assert.is(call.options.priority, 7)
  assert.is(call.options.timeout, 300)
  assert.is(attempt.phase, 'sent')
  assert.is(attempt.startedAt, null)
  call.start()
  assert.is(attempt.phase, 'running')
  assert.is(attempt.startedAt, clock.now())
  call.succeed('7', 'words')
  assert.equal(await attempt.ended, { kind: 'succeeded', result: '7', log: 'words' })
  assert.is(attempt.phase, 'over')
  assert.equal(told, ['start -', 'over: succeeded'])
})

test('a job without a timeout is sent without one', () => {
  assert.not('timeout' in world().begun().options)
})

test('what the job, the lane and the library say ends it accordingly', async () => {
  const ways = [
    ['failed', call => call.fail('no', 'words')],
    ['timed_out', call => call.reject(new TaskTimeoutError('plain', 'timeout'))],
    ['interrupted', call => call.reject(new LaneError('ERR_LANE_EXITED', 'lane', 'gone'))],
    ['failed', call => call.reject(new Error('the task threw'))],
    ['failed', call => call.reject('a bare string')],
  ] satisfies [string, (call: ReturnType<ReturnType<typeof world>['begun']>) => void][]
  for (const [kind, way] of ways) {
    const { begun, attempt } = world()
    way(begun().start())
    assert.is((await attempt.ended).kind, kind)
  }
})

test('the error keeps its name, message and code', async () => {
  const { begun, attempt } = world()
  begun().start().reject(new TaskTimeoutError('plain', 'timeout'))
  const end = await attempt.ended
  assert.is(end.kind, 'timed_out')
  if (!('error' in end)) throw new Error('it ended without an error')
  assert.is(end.error.name, 'TaskTimeoutError')
  assert.is(end.error.code, 'ERR_TASK_TIMEOUT')
  assert.is(end.error.message, "task 'plain' exceeded its timeout")
})

test('cancelled before it is sent, it never is', async () => {
  const { attempt, lane, told } = world()
  assert.is(attempt.cancel('why'), 'cancelled')
  attempt.begin()
  assert.is(lane.open.size, 0)
  await drained()
  assert.equal(told, ['over: cancelled'])
  assert.is(attempt.cancel('again'), 'finished')
})

test('cancelled in the queue it never runs; cancelled while it runs it is told to end', async () => {
  const queued = world()
  const waiting = queued.begun()
  assert.is(queued.attempt.cancel('why'), 'cancelled')
  assert.is(waiting.cancelled?.reason, 'why')
  assert.is((await queued.attempt.ended).kind, 'cancelled')

  const { attempt, begun } = world()
  begun().start()
  assert.is(attempt.cancel('why'), 'cancelling')
  assert.is(attempt.cancel('why'), 'finished')
  assert.is((await attempt.ended).kind, 'cancelled')
})

test('a cancel after the end is too late', async () => {
  const { attempt, begun } = world()
  begun().start().succeed()
  assert.is(attempt.cancel('why'), 'finished')
  assert.is((await attempt.ended).kind, 'succeeded')
})

test('put back at any point, it is not counted as cancelled', async () => {
  const held = world()
  held.attempt.putBack()
  assert.is((await held.attempt.ended).kind, 'put back')
  const sent = world()
  sent.begun()
  sent.attempt.putBack()
  assert.is((await sent.attempt.ended).kind, 'put back')
  const running = world()
  running.begun().start()
  running.attempt.putBack()
  assert.is((await running.attempt.ended).kind, 'put back')
})

test('put back too late, it ends as it ended; after a cancel it stays cancelled', async () => {
  const done = world()
  done.begun().start().succeed()
  done.attempt.putBack()
  assert.is((await done.attempt.ended).kind, 'succeeded')
  const cancelled = world()
  cancelled.begun().start()
  cancelled.attempt.cancel('why')
  cancelled.attempt.putBack()
  assert.is((await cancelled.attempt.ended).kind, 'cancelled')
})

test('a lane that takes nothing more refuses it, also where it has waited there', async () => {
  const { lane, attempt } = world()
  lane.failForGood()
  attempt.begin()
  assert.is((await attempt.ended).kind, 'refused')
  const waiting = world()
  waiting.begun()
  waiting.lane.failForGood()
  assert.is((await waiting.attempt.ended).kind, 'refused')
})

test('what ran when its lane failed for good was interrupted', async () => {
  const { begun, lane, attempt } = world()
  begun().start()
  lane.failForGood()
  assert.is((await attempt.ended).kind, 'interrupted')
})

test('its process is told of once it has started, whichever is heard first', async () => {
  const usual = world()
  usual.begun().start()
  usual.say('process')
  assert.equal(usual.told, ['start -', 'process 123'])
  const early = world()
  const call = early.begun()
  early.say('process')
  assert.equal(early.told, [])
  call.start()
  assert.equal(early.told, ['start 123'])
})

test('its output is known while it runs; that of another attempt is not taken for it', () => {
  const { attempt, begun, say } = world()
  begun().start()
  say('output', 'one')
  assert.is(attempt.tail, 'one')
  say('output', 'old', 1)
  assert.is(attempt.tail, 'one')
})

test('a cancelled command has its last words, and the attempt is over when it is gone', async () => {
  const { attempt, begun, say, told } = world()
  begun().start()
  say('process')
  attempt.cancel('why')
  await drained()
  assert.is(attempt.phase, 'ending')
  say('gone', 'last words')
  const end = await attempt.ended
  assert.is('log' in end && end.log, 'last words')
  assert.not.ok(told.includes('end 123'))
})

test('a command that does not go is ended', async () => {
  const { attempt, begun, say, told, clock } = world()
  begun().start()
  say('process')
  attempt.cancel('why')
  await clock.runFor(60_000)
  assert.equal(told, ['start -', 'process 123', 'end 123', 'over: cancelled'])
})

test('the command of a dead thread is ended at once', async () => {
  const { begun, say, told, clock, lane } = world()
  begun().start()
  say('process')
  lane.loseThread()
  await drained()
  assert.equal(told, ['start -', 'process 123', 'end 123', 'over: interrupted'])
  assert.is(clock.pending, 0)
})

test('a job that its lane cannot take as it is fails, and the lane is not to blame', async () => {
  const { lane, attempt } = world()
  lane.submit = () => {
    throw new TypeError('no such priority')
  }
  attempt.begin()
  const end = await attempt.ended
  assert.is(end.kind, 'failed')
  assert.is('error' in end && end.error.message, 'no such priority')
})

test.run()
