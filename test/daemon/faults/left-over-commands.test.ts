import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { leftOverCommands } from '#daemon/work/left-over-commands.js'
import { HAS_PROCESS_TABLE, runningProcesses, settingOf } from '#daemon/work/process-table.js'
import { eventually } from '../../support/eventually.js'
import { skipUnless } from '../../support/skip.js'

const test = suite('daemon faults: finding the commands of a dead daemon')

const withProcesses = skipUnless(HAS_PROCESS_TABLE, 'needs /proc')
const JOB = 'the-job-of-this-test'

interface Started {
  readonly command: string
  readonly env: Readonly<Record<string, string>>
  readonly detached: boolean
}

async function withProcess(
  { command, env, detached }: Started,
  check: (child: ChildProcess) => Promise<void>,
): Promise<void> {
  const child = spawn('/bin/sh', ['-c', command], {
    env: { PATH: process.env.PATH, ...env },
    detached,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  try {
    await check(child)
  } finally {
    process.kill(detached ? -child.pid! : child.pid!, 'SIGKILL')
    await ended
  }
}

const sessions = async () =>
  (await leftOverCommands()).filter(({ jobId }) => jobId === JOB).map(({ session }) => session)

async function isSet(): Promise<boolean> {
  for await (const { pid } of runningProcesses()) if (settingOf(pid, 'MULTILANED_JOB_ID') === JOB) return true
  return false
}

withProcesses(test)('a command is found by the environment it was started with', async () => {
  const env = { MULTILANED_JOB_ID: JOB }
  await withProcess({ command: 'sleep 60 & wait', env, detached: true }, async child => {
    await eventually('it is found', async () => (await sessions()).join() === `${child.pid}`)
  })
  // What the command started was killed with it, but it may be gone a moment later.
  await eventually('none is found', async () => (await sessions()).length === 0)
})

withProcesses(test)(
  'what shares the session of this daemon, or of a person, is not taken for one',
  async () => {
    const env = { MULTILANED_JOB_ID: JOB }
    await withProcess({ command: 'exec sleep 60', env, detached: false }, async child => {
      assert.type(child.pid, 'number')
      assert.equal(await sessions(), [])
    })
    const command = `MULTILANED_JOB_ID=${JOB} sleep 60 & wait`
    await withProcess({ command, env: {}, detached: true }, async () => {
      await eventually('it has the variable', isSet)
      assert.equal(await sessions(), [])
    })
  },
)

test.run()
