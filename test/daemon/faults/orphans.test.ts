// @time-limit 90s
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { HAS_PROCESS_TABLE } from '#daemon/work/process-table.js'
import { daemonFolder, startDaemon, withDaemon } from '../../support/daemon/daemon-process.js'
import { eventually } from '../../support/eventually.js'
import { skipUnless } from '../../support/skip.js'
import { commandsOfEarlierLives } from '../torture/after-the-kill.js'
import { prepareFolder } from '../torture/torture-config.js'
import { ask, postJson, submit } from './fault-daemon.js'

const test = suite('daemon faults: commands of a dead daemon')

const withProcesses = skipUnless(HAS_PROCESS_TABLE, 'needs /proc')
const ROUNDS = 2

withProcesses(test)(
  'a command that was only just started when its daemon died is ended before its next attempt',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const folder = await daemonFolder()
      try {
        const { witness, config } = await prepareFolder(folder)
        const first = await startDaemon({ folder, config: config(1) })
        // An answer of kill -9 is none.
        const asked = Array.from({ length: 4 }, () =>
          postJson(first, '/v1/jobs', { name: 'command' }).catch(() => {}),
        )
        await eventually('a command has begun', () => readFileSync(witness, 'utf8').includes('start 1 '))
        await first.end('SIGKILL')
        await Promise.all(asked)
        await withDaemon({ folder, config: config(2) }, async next => {
          assert.equal(await commandsOfEarlierLives(witness, 2), [])
          await submit(next, 'quick')
          await eventually('it runs again', () => /^start 2 /m.test(readFileSync(witness, 'utf8')))
          // So that no command of this test outlives it.
          process.kill(next.pid, 'SIGTERM')
          await eventually('it drains', async () => (await ask(next, '/readyz')).status === 503)
          await next.end('SIGTERM')
        })
        assert.equal(await commandsOfEarlierLives(witness, 3), [])
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    }
  },
)

withProcesses(test)(
  'a running job whose cancel was answered is not taken up by the next daemon, and its command is ended',
  async () => {
    const folder = await daemonFolder()
    try {
      const { witness, config } = await prepareFolder(folder)
      const first = await startDaemon({ folder, config: config(1) })
      const id = await submit(first, 'command')
      await eventually('it has begun', () => readFileSync(witness, 'utf8').includes('start 1 '))
      // Its command takes no notice of SIGTERM.
      assert.is((await ask(first, `/job/${id}`, { method: 'DELETE' })).status, 202)
      await first.end('SIGKILL')
      await withDaemon({ folder, config: config(2) }, async next => {
        assert.equal(await commandsOfEarlierLives(witness, 2), [])
        const { state, error } = JSON.parse((await ask(next, `/v1/jobs/${id}`)).text)
        assert.equal([state, error.code], ['cancelled', 'ERR_TASK_CANCELED'])
        assert.is(/^start 2 /m.test(readFileSync(witness, 'utf8')), false)
      })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)

test.run()
