// @time-limit 90s
import { constants, tmpdir } from 'node:os'
import { LaneError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { JobEnd } from '#daemon/work/job-call.js'
import { endGroup, isSame } from '#daemon/work/process-group.js'
import { HAS_PROCESS_TABLE, readProcess } from '#daemon/work/process-table.js'
import { eventually } from '../../support/eventually.js'
import { reasonOf, rejectionOf } from '../../support/rejection.js'
import { skipUnless } from '../../support/skip.js'
import { command, type JobLane, sampleJob, startJobLane } from './job-lane.js'
import { processesOf } from './job-processes.js'

const test = suite('daemon, work: shell jobs')
const withProc = skipUnless(HAS_PROCESS_TABLE, 'needs /proc')

const failureOf = (end: JobEnd) => (end.ok ? undefined : [end.error.code, end.error.message])

async function processOf(lane: JobLane, id: string) {
  await eventually('its process is known', () => lane.signals.some(signal => signal.id === id))
  const signal = lane.signals.find(({ id: about }) => about === id)
  if (signal?.kind !== 'process') throw new Error(`first came ${signal?.kind}`)
  return signal.process
}

const goneOf = (lane: JobLane, id: string) =>
  eventually('it is gone', () => lane.signals.some(signal => signal.id === id && signal.kind === 'gone'))

test('the exit code decides', async () => {
  await using lane = await startJobLane({
    good: command('exit 0'),
    bad: command('echo why; exit 3'),
    killed: command('kill -KILL $$'),
    absent: command('there-is-no-such-program'),
    nowhere: command('true', { cwd: '/there/is/no/such/folder' }),
  })
  assert.equal(await lane.run('good'), { ok: true, result: '{"exitCode":0}', log: '' })
  const bad = await lane.run('bad')
  assert.equal(failureOf(bad), ['ERR_EXIT_CODE', 'exited with code 3'])
  assert.is(bad.log, 'why\n')
  assert.equal(failureOf(await lane.run('killed')), ['ERR_SIGNAL', 'ended by SIGKILL'])
  const absent = await lane.run('absent')
  assert.equal(failureOf(absent), ['ERR_EXIT_CODE', 'exited with code 127'])
  assert.match(absent.log, 'not found')
  const nowhere = await lane.run('nowhere')
  assert.is(failureOf(nowhere)?.[0], 'ENOENT')
  assert.match(failureOf(nowhere)?.[1] ?? '', '/there/is/no/such/folder')
})

test('both outputs, in their order', async () => {
  await using lane = await startJobLane({
    talk: command('for i in 1 2 3; do echo out$i; echo err$i >&2; done'),
  })
  assert.is((await lane.run('talk')).log, 'out1\nerr1\nout2\nerr2\nout3\nerr3\n')
})

test('where it runs and what its environment is', async () => {
  const cwd = tmpdir()
  await using lane = await startJobLane({
    show: command('pwd; env | sort', { cwd, env: { COLOUR: 'blue', MULTILANED_ATTEMPT: 'forged' } }),
  })
  const { call, task } = lane.submit('show')
  const { log } = await task.result()
  const own = /^(PWD|OLDPWD|SHLVL|_)=/
  const [folder, ...variables] = log.trimEnd().split('\n')
  assert.is(folder, cwd)
  assert.equal(
    variables.filter(line => !own.test(line)),
    [
      'COLOUR=blue',
      `HOME=${process.env.HOME}`,
      'MULTILANED_ATTEMPT=1',
      `MULTILANED_JOB_ID=${call.id}`,
      'MULTILANED_JOB_NAME=show',
      `PATH=${process.env.PATH}`,
    ],
  )
})

test('nothing of the input is ever taken for a command', async () => {
  await using lane = await startJobLane({
    copy: command('cat'),
    deaf: command('exec <&-; echo done'),
    empty: command('cat; echo end'),
  })
  const input = { text: `$(touch injected) \`id\` '; rm -rf "$HOME" \\ \n\n\0 || & € ${'$'}{PATH}` }
  assert.is((await lane.run('copy', input)).log, JSON.stringify(input))
  const large = 'z'.repeat(1_000_000)
  assert.ok((await lane.run('copy', large)).log.endsWith('zzz"'))
  assert.is((await lane.run('deaf', large)).log, 'done\n', 'it need not be read')
  assert.is((await lane.run('empty')).log, 'end\n')
})

test('a flood is read to its end, and the last of it kept', async () => {
  await using lane = await startJobLane({
    flood: command('yes | head -c 50000000; echo end'),
    quick: command('echo quick'),
  })
  const { task } = lane.submit('flood')
  assert.is((await lane.run('quick')).log, 'quick\n')
  const { log } = await task.result()
  assert.ok(log.startsWith('[earlier output was cut off]\ny\n'))
  assert.ok(log.endsWith('y\nend\n'))
  assert.ok(log.length <= 65 * 1024)
})

withProc(test)('cancel and time-out end it with its children and theirs', async () => {
  await using lane = await startJobLane({
    tree: command('sleep 100 & (sleep 100 & sleep 100) & echo started; sleep 100'),
  })
  for (const timeout of [undefined, 300]) {
    const { call, task } = lane.submit('tree', undefined, timeout === undefined ? {} : { timeout })
    const process = await processOf(lane, call.id)
    if (timeout === undefined) {
      await eventually('all of it runs', () => processesOf(call.id).length >= 5)
      assert.is(isSame(process), true)
      task.cancel()
    }
    await reasonOf(task.result())
    assert.is(task.state, timeout === undefined ? 'CANCELED' : 'TIMED_OUT')
    await goneOf(lane, call.id)
    assert.equal(processesOf(call.id), [])
    assert.is(isSame(process), false)
  }
})

withProc(test)('what will not hear SIGTERM gets SIGKILL', async () => {
  await using lane = await startJobLane({
    deaf: command('trap "echo heard" TERM; echo ready; while :; do sleep 1; done'),
  })
  const { call, task } = lane.submit('deaf')
  await eventually('it is ready', () =>
    lane.signals.some(signal => signal.kind === 'output' && signal.tail === 'ready\n'),
  )
  task.cancel()
  await goneOf(lane, call.id)
  const last = lane.signals.at(-1)
  assert.match(last?.kind === 'gone' ? last.tail : '', 'heard')
  assert.equal(processesOf(call.id), [])
})

withProc(test)('what the command leaves in the background ends with it', async () => {
  await using lane = await startJobLane({
    holdsThePipe: command('sleep 100 & echo left'),
    silent: command('sleep 100 >/dev/null 2>&1 & echo left'),
    ownGroup: command('timeout 100 sleep 100 >/dev/null 2>&1 & sleep 0.2; echo left'),
    unwilling: command('(trap "" TERM; exec sleep 100) & sleep 0.2; echo left'),
  })
  for (const name of ['holdsThePipe', 'silent', 'ownGroup', 'unwilling']) {
    const { call, task } = lane.submit(name)
    assert.equal(await task.result(), { ok: true, result: '{"exitCode":0}', log: 'left\n' }, name)
    assert.equal(processesOf(call.id), [], name)
  }
})

withProc(test)('one that has left the session holds nobody up', async () => {
  await using lane = await startJobLane({ away: command('setsid sleep 100 & sleep 0.3; echo gone') })
  const { call, task } = lane.submit('away')
  assert.equal(await task.result(), { ok: true, result: '{"exitCode":0}', log: 'gone\n' })
  const [left, ...others] = processesOf(call.id)
  assert.equal(others, [])
  if (left !== undefined) process.kill(left, 'SIGKILL')
  await eventually('the test has cleaned up', () => processesOf(call.id).length === 0)
})

withProc(test)('the end of the scheduler ends it too', async () => {
  const lane = await startJobLane({ long: command('sleep 100 & trap "" TERM; while :; do sleep 1; done') })
  const { call, task } = lane.submit('long')
  const process = await processOf(lane, call.id)
  await lane.scheduler.stop({ timeout: 10_000 })
  assert.is(task.state, 'CANCELED')
  assert.is(isSame(process), false)
  assert.equal(processesOf(call.id), [])
  await lane[Symbol.asyncDispose]()
})

withProc(test)('when its thread dies, its process is known and can be ended', async () => {
  await using lane = await startJobLane({ long: command('sleep 100 & sleep 100'), exit: sampleJob('exit') })
  const { call, task } = lane.submit('long')
  const process = await processOf(lane, call.id)
  await eventually('all of it runs', () => processesOf(call.id).length >= 3)
  await rejectionOf(lane.run('exit'), LaneError)
  await rejectionOf(task.result(), LaneError)
  assert.is(isSame(process), true)
  assert.is(await endGroup(process, { jobId: call.id }), 'ended')
  assert.is(isSame(process), false)
  assert.equal(processesOf(call.id), [])
})

withProc(test)('a background lane’s commands are niced, another’s are not', async () => {
  for (const [priority, nice] of [
    ['background', constants.priority.PRIORITY_LOW],
    ['user-visible', 0],
  ] as const) {
    await using lane = await startJobLane({ wait: command('sleep 100') }, { priority })
    const { call, task } = lane.submit('wait')
    const { pid } = await processOf(lane, call.id)
    const own = readProcess(process.pid)?.nice ?? 0
    assert.is(readProcess(pid)?.nice, Math.max(nice, own), priority)
    task.cancel()
    await goneOf(lane, call.id)
  }
})

withProc(test)('many at a time, and nothing is left of any', async () => {
  await using lane = await startJobLane({ brief: command('sleep 0.05 & echo "$MULTILANED_JOB_ID"; wait') })
  const jobs = Array.from({ length: 50 }, () => lane.submit('brief'))
  for (const { call, task } of jobs) assert.is((await task.result()).log, `${call.id}\n`)
  for (const { call } of jobs) {
    await goneOf(lane, call.id)
    const kinds = lane.signals.filter(({ id }) => id === call.id).map(({ kind }) => kind)
    assert.is(kinds.at(0), 'process')
    assert.is(kinds.at(-1), 'gone')
    assert.is(kinds.filter(kind => kind === 'gone').length, 1)
  }
  for (const { call } of jobs) assert.equal(processesOf(call.id), [])
})

test.run()
