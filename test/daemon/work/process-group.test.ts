import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { endGroup, identify, isSame } from '#daemon/work/process-group.js'
import { HAS_PROCESS_TABLE, membersOf, readProcess } from '#daemon/work/process-table.js'
import { eventually } from '../../support/eventually.js'
import { skipUnless } from '../../support/skip.js'

const test = suite('daemon, work: process groups')
const withProc = skipUnless(HAS_PROCESS_TABLE, 'needs /proc')

const jobId = 'of-this-test'

function startGroup(command: string, env: Record<string, string> = { MULTILANED_JOB_ID: jobId }) {
  const child = spawn('/bin/sh', ['-c', command], {
    detached: true,
    stdio: 'ignore',
    env: { PATH: process.env.PATH, ...env },
  })
  return { child, pid: child.pid!, identity: identify(child.pid!) }
}

const exitOf = (child: ChildProcess) =>
  child.exitCode === null && child.signalCode === null ? once(child, 'exit') : null

const sizeOf = async (pid: number) => (await membersOf(pid)).length

withProc(test)('a process is the same until it ends', async () => {
  const own = identify(process.pid)
  assert.match(own.startTicks, /^\d+$/)
  assert.match(own.bootId, /^[0-9a-f-]{36}$/)
  assert.is(isSame(own), true)
  assert.is(isSame({ ...own, startTicks: `${Number(own.startTicks) + 1}` }), false)
  assert.is(isSame({ ...own, bootId: 'another boot' }), false)
  const { child, identity } = startGroup('exec sleep 100')
  assert.is(isSame(identity), true)
  child.kill('SIGKILL')
  await exitOf(child)
  assert.is(isSame(identity), false)
})

withProc(test)('a program’s name cannot forge what is read of it', async () => {
  const { child, pid } = startGroup(`printf ') Z 1 1 1 (' > /proc/self/comm; read x < /dev/zero`)
  const entry = readProcess(pid)
  assert.equal([entry?.session, entry?.group, entry?.parent], [pid, pid, process.pid])
  child.kill('SIGKILL')
  await exitOf(child)
})

withProc(test)('a whole group is ended, with its head and without', async () => {
  const whole = startGroup('sleep 100 & sleep 100 & wait')
  await eventually('all of it runs', async () => (await sizeOf(whole.pid)) === 3)
  assert.is(await endGroup(whole.identity, { jobId }), 'ended')
  assert.is(await sizeOf(whole.pid), 0)
  assert.is(await endGroup(whole.identity, { jobId }), 'gone')

  const headless = startGroup('sleep 100 & sleep 100 & exit')
  await exitOf(headless.child)
  assert.is(await sizeOf(headless.pid), 2)
  assert.is(await endGroup(headless.identity, { jobId }), 'ended')
  assert.is(await sizeOf(headless.pid), 0)
})

withProc(test)('SIGKILL comes after the grace', async () => {
  const { child, pid, identity } = startGroup('trap "" TERM; echo; while :; do sleep 1; done')
  await eventually('it sleeps', async () => (await sizeOf(pid)) === 2)
  assert.is(await endGroup(identity, { jobId, grace: 50 }), 'ended')
  await exitOf(child)
  assert.is(child.signalCode, 'SIGKILL')
})

withProc(test)('what is not known to be the job’s is left alone', async () => {
  const stranger = startGroup('sleep 100 & exec sleep 100')
  await eventually('both run', async () => (await sizeOf(stranger.pid)) === 2)
  const { identity } = stranger
  const older = { ...identity, startTicks: `${Number(identity.startTicks) - 1}` }
  assert.is(await endGroup(older, { jobId }), 'gone', 'the number was given to another process')
  assert.is(await endGroup({ ...identity, bootId: 'an earlier boot' }, { jobId }), 'gone')
  assert.is(await endGroup({ ...identity, startTicks: '', bootId: '' }, { jobId }), 'unverifiable')
  stranger.child.kill('SIGKILL')
  await exitOf(stranger.child)
  assert.is(await endGroup(identity, { jobId: 'another job' }), 'unverifiable')
  assert.is(await sizeOf(stranger.pid), 1)
  assert.is(await endGroup(identity, { jobId }), 'ended')
})

withProc(test)('a process of ours that heads no session is not taken for a job', async () => {
  const child = spawn('sleep', ['100'], { stdio: 'ignore' })
  const identity = identify(child.pid!)
  assert.is(await endGroup(identity, { jobId }), 'gone')
  assert.is(isSame(identity), true)
  child.kill('SIGKILL')
  await exitOf(child)
})

test.run()
