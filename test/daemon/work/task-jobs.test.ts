import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { JobEnd } from '#daemon/work/job-call.js'
import { eventually } from '../../support/eventually.js'
import { rejectionOf } from '../../support/rejection.js'
import { command, sampleJob, startJobLane } from './job-lane.js'

const test = suite('daemon, work: task jobs')

function errorOf(end: JobEnd) {
  if (end.ok) throw new Error(`it succeeded with ${end.result}`)
  return end.error
}

test('the input arrives as the value it was, the result as JSON text', async () => {
  await using lane = await startJobLane({ echo: sampleJob('echo'), nothing: sampleJob('nothing') })
  for (const input of [1, 'a "b"\n\u2028', null, [], { deep: [{ x: -0.5 }] }]) {
    const { call, task } = lane.submit('echo', input)
    const end = await task.result()
    assert.ok(end.ok)
    assert.equal(JSON.parse(end.result ?? ''), { input, id: call.id, name: 'echo', attempt: 1 })
  }
  const without = await lane.run('echo')
  assert.match(without.ok ? (without.result ?? '') : '', '"input":"none"')
  assert.equal(await lane.run('nothing'), { ok: true, result: null, log: '' })
})

test('input that is no JSON fails the job alone', async () => {
  await using lane = await startJobLane({ echo: sampleJob('echo') })
  const call = { id: 'i', name: 'echo', attempt: 1, input: '{torn' }
  const end = await lane.scheduler.lanes.jobs.run('runJob', [call])
  assert.is(errorOf(end).name, 'SyntaxError')
})

test('whatever a job throws becomes an error', async () => {
  await using lane = await startJobLane({
    throwing: sampleJob('throwing'),
    throwingAtOnce: sampleJob('throwingAtOnce'),
  })
  const thrown = async (what: string) => errorOf(await lane.run('throwing', { what }))
  const own = await thrown('own')
  assert.equal([own.name, own.message, own.code], ['OrderError', 'no such order', 'ERR_ORDER'])
  assert.match(own.stack ?? '', 'sample-jobs.js')
  assert.match(own.stack ?? '', 'the deeper reason')
  for (const [what, message] of [
    ['null', 'the job threw null, which is not an Error'],
    ['text', `the job threw 'just text', which is not an Error`],
    ['function', 'the job threw [Function'],
    ['symbol', 'the job threw Symbol(odd)'],
    ['proxy', 'the job threw '],
  ] as const) {
    const error = await thrown(what)
    assert.is(error.code, 'ERR_TASK_THREW', what)
    assert.ok(error.message.startsWith(message), error.message)
  }
  const huge = await thrown('huge')
  assert.is(huge.message.length, 64 * 1024)
  assert.ok((huge.stack?.length ?? 0) <= 64 * 1024)
  const getter = await thrown('getter')
  assert.equal([getter.message, getter.code], ['seen', undefined])
  assert.is(errorOf(await lane.run('throwingAtOnce')).message, 'at once')
})

test('a result that JSON cannot hold, or that is too large', async () => {
  await using lane = await startJobLane({ returning: sampleJob('returning') })
  for (const what of ['cycle', 'bigint', 'function', 'symbol', 'toJson']) {
    assert.is(errorOf(await lane.run('returning', { what })).code, 'ERR_RESULT_NOT_JSON', what)
  }
  assert.is(errorOf(await lane.run('returning', { what: 'tooLarge' })).code, 'ERR_RESULT_TOO_LARGE')
  const large = await lane.run('returning', { what: 'large' })
  assert.is(large.ok && large.result?.length, 1024 * 1024)
  const date = await lane.run('returning', { what: 'date' })
  assert.is(date.ok && date.result, '"1970-01-01T00:00:00.000Z"')
})

test('log lines are kept, the last of many', async () => {
  await using lane = await startJobLane({ logLines: sampleJob('logLines') })
  const few = await lane.run('logLines', { lines: 2 })
  assert.is(few.log, 'line 0 of logLines\nline 1 of logLines\n')
  const many = await lane.run('logLines', { lines: 100_000 })
  assert.ok(many.log.startsWith('[earlier output was cut off]\nline '))
  assert.ok(many.log.endsWith('line 99999 of logLines\n'))
  assert.ok(many.log.length <= 65 * 1024)
})

test('a job that is cancelled tells its last lines, though nobody waits for its answer', async () => {
  await using lane = await startJobLane({ logAndWait: sampleJob('logAndWait') })
  const { call, task } = lane.submit('logAndWait')
  await eventually('its first line has come', () => lane.signals.length === 1)
  task.cancel()
  assert.is(await task.wait(), true)
  assert.is(task.state, 'CANCELED')
  await eventually('it is gone', () => lane.signals.length === 2)
  const about = { id: call.id, attempt: 1 }
  assert.equal(lane.signals, [
    { ...about, kind: 'output', tail: 'it waits\n' },
    { ...about, kind: 'gone', tail: 'it waits\naborted: TaskCanceledError\n' },
  ])
})

test('a job that holds its thread is heard of meanwhile', async () => {
  await using lane = await startJobLane({ holding: sampleJob('logWhileHolding') })
  const { call, task } = lane.submit('holding')
  await eventually('its start is told', () => lane.started.includes(call.id))
  assert.is(task.state, 'STARTED')
  await eventually('it is heard of', () => lane.signals.length > 0)
  assert.is(task.state, 'STARTED')
  await task.result()
  await eventually('it is gone', () => lane.signals.at(-1)?.kind === 'gone')
})

test('what cannot be loaded is named when the lane starts', async () => {
  const module = new URL('./tasks/sample-jobs.js', import.meta.url).href
  const missing = `${module}.missing.js`
  const cases = [
    [sampleJob('absent'), /job 'mine'.*'absent' of file:.*does not exist; its functions are: .*echo/],
    [sampleJob('notAFunction'), /job 'mine'.*'notAFunction'.*is no function but object/],
    [sampleJob('toString'), /job 'mine'.*does not exist/],
    [
      { kind: 'task', module: missing, exported: 'run' },
      /job 'mine'.*'run' of file:.*missing\.js could not be loaded/,
    ],
  ] as const
  for (const [work, message] of cases) {
    const error = await rejectionOf(startJobLane({ fine: command('true'), mine: work }), Error)
    assert.is((error as { code?: unknown }).code, 'ERR_TASK_LOAD')
    assert.match(error.message, message)
  }
})

test('a job that is not the lane’s fails with the names there are', async () => {
  await using lane = await startJobLane({ echo: sampleJob('echo'), list: command('ls') })
  const error = errorOf(await lane.run('other'))
  assert.is(error.code, 'ERR_JOB_UNKNOWN')
  assert.match(error.message, 'echo, list')
})

test.run()
