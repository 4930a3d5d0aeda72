// @time-limit 60s
import { AsyncScheduler, ResultNotCloneableError, SyncTask, TaskTimeoutError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { answerOf } from '#src/lanes/sync-answer.js'
import { rejectionOf } from '../support/rejection.js'
import { GONE, giveBytes } from './tasks/answering.js'

const test = suite('lanes: answers of SyncTasks that might not leave')

const MODULE = new URL('./tasks/answering.js', import.meta.url)

async function start() {
  const scheduler = await AsyncScheduler.start({ pool: { threads: 1 }, grace: 30 })
  const reported: unknown[] = []
  scheduler.on('error', error => reported.push(error))
  return {
    reported,
    run: (name: string, ...args: unknown[]) =>
      scheduler.run(new SyncTask(MODULE, name, args), { timeout: 5_000 }),
    [Symbol.asyncDispose]: () => scheduler.close(),
  }
}

test('bytes that are not there any more cannot be returned, and their thread goes on', async () => {
  await using made = await start()
  for (const what of Object.keys(GONE)) {
    const error = await rejectionOf(made.run('giveGone', what), ResultNotCloneableError)
    assert.is(error.path, 'result', what)
  }
  assert.is(await made.run('echo', 'and it goes on'), 'and it goes on')
  assert.equal(made.reported, [])
})

test('an error that has such bytes arrives, with a text for them', async () => {
  await using made = await start()
  for (const what of Object.keys(GONE)) {
    const error = await rejectionOf(made.run('throwGone', what), RangeError)
    assert.equal([error.message, Reflect.get(error, 'bytes')], ['it failed', 'an object'], what)
  }
})

test('an accessor of a value is read once', async () => {
  await using made = await start()
  assert.equal(await made.run('giveThrowing'), { field: 'once' })
  assert.equal(await made.run('giveEndless'), { field: 'once' })
  assert.equal(made.reported, [])
})

test('a value that takes for ever to be read is still to be returned: the task can be ended', async () => {
  await using scheduler = await AsyncScheduler.start({ pool: { threads: 1 }, grace: 30 })
  const task = new SyncTask(MODULE, 'giveEndlessAtOnce', [])
  await rejectionOf(scheduler.run(task, { timeout: 300 }), TaskTimeoutError)
  assert.is(await scheduler.run(new SyncTask(MODULE, 'echo', [1])), 1)
})

test('bytes of all kinds arrive, and those that are shared are shared', async () => {
  await using made = await start()
  for (const [i, bytes] of giveBytes().entries()) assert.equal(await made.run('giveOneOf', i), bytes)
  const shared = (await made.run('giveOneOf', giveBytes().length - 1)) as Uint8Array
  assert.instance(shared.buffer, SharedArrayBuffer)
  assert.equal(await made.run('echo', new Uint8Array(0)), new Uint8Array(0))
})

test('of bytes and of what is no object no copy is made', () => {
  const bytes = new Uint8Array(16).subarray(4, 8)
  for (const value of [bytes, new DataView(bytes.buffer), 'words', 5, 12n, null, undefined, true]) {
    const answer = answerOf(value)
    assert.ok(answer !== null && 'value' in answer && answer.value === value)
  }
})

test.run()
