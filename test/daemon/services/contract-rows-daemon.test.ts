// @time-limit 120s
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type DaemonProcess, startDaemon } from '../../support/daemon/daemon-process.js'
import { exampleFolder } from '../../support/daemon/example-folder.js'
import { eventually } from '../../support/eventually.js'
import { addRows } from './rows/add-rows.js'
import { json, type World } from './rows/world.js'

const test = suite('daemon: the services, row by row, of the started binary')

const RETRY_LATER = { limit: 1, delay: '1h' }
const FAILING = 'export function fail() { throw new Error("it went wrong") }\n'

let folder: string
let daemon: DaemonProcess
let world: World

test.before(async () => {
  folder = await exampleFolder([
    [['job', 'endless'], 'sleep 100000'],
    [['job', 'slow'], { shell: 'sleep 1000', timeout: '300ms' }],
    [['job', 'failing'], { task: './jobs/failing.js#fail' }],
    [['job', 'retrying'], { task: './jobs/failing.js#fail', retries: RETRY_LATER }],
    [['job', 'binary'], "printf 'a\\0b\\n'"],
    [['work', 'job'], 'count_words'],
  ])
  await writeFile(join(folder, 'jobs', 'failing.js'), FAILING)
  daemon = await startDaemon({ folder })
  world = {
    request: (path, init) => daemon.fetch(path, { redirect: 'follow', ...init }),
    names: { quick: 'JOB_A', endless: 'endless', failing: 'failing', slow: 'slow', retrying: 'retrying' },
    batchLimit: 10_000,
    reach: (id, state) => eventually(`${id} is ${state}`, () => isIn(id, state)),
  }
})

async function isIn(id: string, state: string): Promise<boolean> {
  const job = (await (await daemon.fetch(`/v1/jobs/${id}`)).json()) as { state: string; attempt: number }
  if (state !== 'retrying') return job.state === state
  return job.attempt > 0 && ['scheduled', 'queued'].includes(job.state)
}

addRows(test, () => world)

test('the kept log of a job is whole, whatever bytes it printed', async () => {
  const submitted = await daemon.fetch('/v1/jobs', json({ name: 'binary' }))
  const { id } = (await submitted.json()) as { readonly id: string }
  await world.reach(id, 'succeeded')
  assert.is(await (await daemon.fetch(`/v1/jobs/${id}/log`)).text(), 'a\0b\n')
})

test('no row has left anything behind that keeps the daemon from ending in good order', async () => {
  assert.equal(await daemon.end('SIGTERM'), { code: 0, signal: null })
})

test.after(async () => {
  await daemon.end('SIGKILL')
  await rm(folder, { recursive: true })
})

test.run()
