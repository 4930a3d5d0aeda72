// @time-limit 90s
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HAS_PROCESS_TABLE, isRunning, readProcess } from '#daemon/work/process-table.js'
import { type DaemonProcess, withDaemon } from '../../support/daemon/daemon-process.js'
import { eventually } from '../../support/eventually.js'
import { skipUnless } from '../../support/skip.js'
import {
  ask,
  faultConfig,
  marks,
  postJson,
  problemOf,
  reaches,
  shownJob,
  submit,
  withFaultFolder,
} from './fault-daemon.js'

const test = suite('daemon faults: being told to stop')

const withProcesses = skipUnless(HAS_PROCESS_TABLE, 'needs /proc')

const PATIENT = 'shutdown: {drain: 60s}'
const HASTY = 'shutdown: {drain: 200ms}'

/** What these jobs have left, and not the ones that asked whether work is refused. */
async function marksOf(folder: string, ...ids: readonly string[]): Promise<readonly string[]> {
  return (await marks(folder)).filter(line => ids.includes(line.split(' ')[1] ?? ''))
}

async function refusesWork(daemon: DaemonProcess): Promise<boolean> {
  const answer = await postJson(daemon, '/v1/jobs', { name: 'quick' })
  if (answer.status === 503) assert.is(problemOf(answer), '503 ERR_SHUTTING_DOWN')
  return answer.status === 503
}

/** A process that has ended and that nobody has asked after is not. */
function isThere(pid: number): boolean {
  const entry = readProcess(pid)
  return entry !== undefined && isRunning(entry)
}

test('on SIGTERM it takes no more work, answers, lets the running jobs finish, and keeps those that wait', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder, PATIENT)
    let held = ''
    let queued = ''
    let later = ''
    await withDaemon({ folder, config }, async daemon => {
      held = await submit(daemon, 'hold')
      queued = await submit(daemon, 'quick', { lane: 'single' })
      later = await submit(daemon, 'quick', { delay: 3_600_000 })
      await reaches(daemon, held, 'running')

      process.kill(daemon.pid, 'SIGTERM')
      await eventually('it refuses work', () => refusesWork(daemon))
      for (const path of ['/api', '/group/both']) {
        assert.is((await postJson(daemon, path, {})).status, 503, path)
      }
      const form = new URLSearchParams({ job_name: 'quick', time: '0s' })
      assert.is((await ask(daemon, '/job', { method: 'POST', body: form })).status, 503)
      assert.is((await postJson(daemon, '/api', [{ item: 'a', valor: 1 }])).status, 503)

      assert.is((await ask(daemon, '/readyz')).status, 503)
      assert.is((await ask(daemon, '/healthz')).status, 200)
      assert.is((await shownJob(daemon, held)).state, 'running')
      assert.match((await ask(daemon, `/status/${held}`)).text, /STARTED/)
      assert.match((await ask(daemon, `/status/${queued}`)).text, /PENDING/)

      await writeFile(join(folder, 'open'), '')
      assert.equal(await daemon.exited, { code: 0, signal: null })
    })
    assert.equal(await marksOf(folder, held, queued), [`begun ${held} 1`, `ended ${held} 1`])
    await withDaemon({ folder, config }, async daemon => {
      await reaches(daemon, queued, 'succeeded')
      assert.is((await shownJob(daemon, held)).state, 'succeeded')
      assert.is((await shownJob(daemon, later)).state, 'scheduled')
      const all = [`begun ${held} 1`, `ended ${held} 1`, `quick ${queued} 1`]
      assert.equal(await marksOf(folder, held, queued), all)
    })
  })
})

withProcesses(test)(
  'a job that outlasts the drain is cut off with all of its processes, and runs again',
  async () => {
    await withFaultFolder(async folder => {
      const config = faultConfig(folder, HASTY)
      let command = ''
      let held = ''
      const pids = async () =>
        (await readFile(join(folder, 'pids.txt'), 'utf8').catch(() => '')).trim().split('\n').map(Number)
      await withDaemon({ folder, config }, async daemon => {
        command = await submit(daemon, 'command')
        held = await submit(daemon, 'hold')
        await reaches(daemon, held, 'running')
        await eventually('the command has a process of its own', async () => (await pids()).length === 2)
        const before = await pids()
        assert.ok(before.every(isThere))
        assert.equal(await daemon.end('SIGTERM'), { code: 1, signal: null })
        assert.equal(before.filter(isThere), [])
      })
      await withDaemon({ folder, config }, async daemon => {
        await reaches(daemon, command, 'running')
        await reaches(daemon, held, 'running')
        assert.is((await shownJob(daemon, held)).interruptions, 0)
        await daemon.end('SIGTERM')
        assert.equal(
          (await marks(folder)).filter(line => line.startsWith('begun')),
          [`begun ${held} 1`, `begun ${held} 1`],
        )
      })
    })
  },
)

test('a second SIGTERM ends it at once, and says by the exit code that work was cut off', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder, PATIENT)
    let held = ''
    await withDaemon({ folder, config }, async daemon => {
      const command = await submit(daemon, 'command')
      held = await submit(daemon, 'hold')
      await reaches(daemon, held, 'running')
      await reaches(daemon, command, 'running')
      process.kill(daemon.pid, 'SIGTERM')
      await eventually('it drains', () => refusesWork(daemon))
      assert.equal(await daemon.end('SIGTERM'), { code: 1, signal: null })
    })
    await withDaemon({ folder, config: faultConfig(folder, HASTY) }, async daemon => {
      await reaches(daemon, held, 'running')
      await writeFile(join(folder, 'open'), '')
      await reaches(daemon, held, 'succeeded')
      await daemon.end('SIGTERM')
    })
  })
})

test('without work, SIGTERM and SIGINT are no more than an end', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder, PATIENT)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      await withDaemon({ folder, config }, async daemon => {
        assert.equal(await daemon.end(signal), { code: 0, signal: null })
      })
    }
  })
})

test.run()
