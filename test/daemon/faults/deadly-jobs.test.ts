// @time-limit 120s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startDaemon, withDaemon } from '../../support/daemon/daemon-process.js'
import { eventually } from '../../support/eventually.js'
import { faultConfig, marks, reaches, shownJob, submit, withFaultFolder } from './fault-daemon.js'

const test = suite('daemon faults: jobs that kill')

test('a job that kills its thread each time is given up, and costs nobody else anything', async () => {
  await withFaultFolder(async folder => {
    await withDaemon({ folder, config: faultConfig(folder) }, async daemon => {
      const elsewhere = await submit(daemon, 'hold')
      await reaches(daemon, elsewhere, 'running')
      const neighbours: string[] = []
      for (let pair = 0; pair < 5; pair++) neighbours.push(await submit(daemon, 'neighbour'))
      const deadly = await submit(daemon, 'exitThread')
      for (let pair = 0; pair < 5; pair++) neighbours.push(await submit(daemon, 'neighbour'))

      await eventually('it is given up', async () => (await shownJob(daemon, deadly)).state === 'failed')
      const { attempt, interruptions, error } = await shownJob(daemon, deadly)
      assert.is(attempt, 2)
      assert.is(interruptions, 1)
      assert.is(error?.code, 'ERR_JOB_INTERRUPTED')
      assert.match(error?.message ?? '', /3/, 'the exit code is told')
      assert.is((await marks(folder)).filter(line => line.startsWith('exits')).length, 2)

      for (const id of neighbours) await reaches(daemon, id, 'succeeded')
      const { state, attempt: attempts, interruptions: cuts } = await shownJob(daemon, elsewhere)
      assert.equal([state, attempts, cuts], ['running', 1, 0])
      await reaches(daemon, await submit(daemon, 'neighbour'), 'succeeded')
    })
  })
})

test('a job that kills the daemon each time is given up, and then the daemon stays up', async () => {
  await withFaultFolder(async folder => {
    const config = faultConfig(folder)
    let daemon = await startDaemon({ folder, config })
    try {
      const innocent = await submit(daemon, 'quick', { delay: 100 })
      // The daemon may be gone before the answer is: the key tells later which job it was.
      const headers = { 'idempotency-key': 'deadly' }
      const deadly = () => submit(daemon, 'killDaemon', { delay: 300 }, headers)
      const id = await deadly()
      let deaths = 0
      for (;;) {
        const outcome = await Promise.race([
          daemon.exited,
          eventually('it is given up', async () => (await shownJob(daemon, id)).state === 'failed').catch(
            // Of a daemon that is gone by now.
            () => daemon.exited,
          ),
        ])
        if (outcome === undefined) break
        assert.is(outcome.signal, 'SIGKILL')
        deaths++
        assert.ok(deaths <= 4, 'it dies again and again')
        daemon = await startDaemon({ folder, config })
      }
      assert.is(await deadly(), id)
      assert.is((await shownJob(daemon, id)).error?.code, 'ERR_JOB_INTERRUPTED')
      // Three are counted against it; the first need not be, since a start is recorded while it already happens.
      assert.ok(deaths === 3 || deaths === 4, `${deaths} deaths`)
      assert.is((await marks(folder)).filter(line => line.startsWith('kills')).length, deaths)
      await reaches(daemon, innocent, 'succeeded')
      await reaches(daemon, await submit(daemon, 'neighbour'), 'succeeded')
      assert.equal(await daemon.end('SIGTERM'), { code: 0, signal: null })
    } finally {
      await daemon.end('SIGKILL')
    }
  })
})

test.run()
