import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runScript } from '../support/node-script.js'
import { skipUnless } from '../support/skip.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: tasks written on a signal')
const tasks = new URL('./tasks/plain.js', import.meta.url)
const hasSignals = skipUnless(process.platform !== 'win32', 'there are no such signals on Windows')(test)

hasSignals('they are written to standard error, and nothing holds the process', async () => {
  const { end, stdout, stderr } = await runScript(new URL('./scripts/dump-on-signal.js', import.meta.url))
  assert.is(stdout, "the user's own listener\nended\n")
  assert.match(
    stderr,
    /^id +name +lane +state .*\n +?1 +wait +one +STARTED .*\n +2 +echo +one +SCHEDULED .*\n$/,
  )
  assert.is(end, 0)
})

hasSignals('it is listened for while the scheduler runs, and no longer', async () => {
  const listeners = (): number => process.listenerCount('SIGUSR2')
  const before = listeners()
  const options = { tasks, lanes: { a: {} }, dumpOnSignal: 'SIGUSR2' } as const
  const scheduler = new SchedulerThread<typeof plain, 'a'>(options)
  assert.is(listeners(), before)
  for (let round = 0; round < 2; round++) {
    await scheduler.start()
    assert.is(listeners(), before + 1)
    await scheduler.stop()
    assert.is(listeners(), before)
  }
  await scheduler.start()
  await scheduler.close()
  assert.is(listeners(), before)

  const missing = new URL('./tasks/none-such.js', import.meta.url)
  const failing = new SchedulerThread({ ...options, tasks: missing })
  await failing.start().catch(() => {})
  assert.is(listeners(), before)
  await failing.close()

  const deaf = await SchedulerThread.start({ tasks, lanes: { a: {} } })
  assert.is(listeners(), before)
  await deaf.close()
})

test.run()
