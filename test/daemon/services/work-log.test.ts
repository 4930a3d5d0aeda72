import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { JobSource } from '#daemon/jobs/job.js'
import { WorkLog } from '#daemon/log/work-log.js'
import { sampleJob } from '../../support/daemon/sample-config.js'
import { ScriptedJobService } from '../../support/daemon/scripted-job-service.js'
import { eventually } from '../../support/eventually.js'
import { skipUnless } from '../../support/skip.js'

process.env.TZ = 'Europe/Berlin'

interface Place {
  readonly folder: string
  readonly file: string
  readonly jobs: ScriptedJobService
  readonly told: string[]
  now: number
  log: WorkLog
  lines(): string[]
  submit(source?: JobSource): Promise<string>
}

const test = suite<Place>('daemon: the work log')

test.before.each(place => {
  const folder = mkdtempSync(join(tmpdir(), 'multilane-work-log-'))
  const file = join(folder, 'log.txt')
  const now = Date.parse('2030-02-01T02:04:05Z')
  const jobs = new ScriptedJobService({ jobs: [sampleJob('work')], now: () => place.now })
  const told: string[] = []
  const trouble = {
    warn: (_details: object, message: string) => void told.push(`warn ${message}`),
    info: (_details: object, message: string) => void told.push(`info ${message}`),
  }
  Object.assign(place, {
    folder,
    file,
    jobs,
    told,
    now,
    log: new WorkLog(file, jobs, trouble, 5),
    lines: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []),
    submit: async (source: JobSource = 'work') => (await jobs.submit([{ name: 'work', source }])).jobs[0]!.id,
  })
})

test.after.each(async place => {
  await place.log.close()
  rmSync(place.folder, { recursive: true, force: true })
})

test('a line at the start, and one at the end, each when it happens', async place => {
  const id = await place.submit()
  place.jobs.start(id)
  await eventually('the line of the start', () => place.lines().length === 1)
  assert.equal(place.lines(), [`Id=${id} - 2030-02-01 03:04:05: Working...`])
  place.now += 61_000
  place.jobs.succeed(id)
  await eventually('the line of the end', () => place.lines().length === 2)
  assert.is(place.lines()[1], `Id=${id} - 2030-02-01 03:05:06: Done working!`)
  assert.equal(place.told, [])
})

test('what did not succeed is not done working', async place => {
  const { jobs } = place
  const ends: readonly ((id: string) => unknown)[] = [
    id => jobs.fail(id, { name: 'Error', message: 'first\nId=x - 2030-01-01 00:00:00: Done working!' }),
    id => jobs.timeOut(id),
    id => jobs.stop(id),
    id => jobs.retryLater(id, place.now + 1000),
  ]
  for (const end of ends) {
    const id = await place.submit()
    jobs.start(id)
    end(id)
  }
  await jobs.cancel(await place.submit(), 'not wanted')
  await place.log.close()
  assert.equal(
    place.lines().map(line => line.slice(line.indexOf(': ') + 2)),
    [
      'Working...',
      'Failed: first Id=x - 2030-01-01 00:00:00: Done working!',
      'Working...',
      'Timed out: it took too long',
      'Working...',
      'Cancelled: cancelled',
      'Working...',
      'Failed, and will be tried again: not yet',
      'Cancelled: not wanted',
    ],
  )
})

test('jobs of the other services are not in it', async place => {
  for (const source of ['schedule', 'group', 'queue', 'v1', 'embedded'] as const) {
    const id = await place.submit(source)
    place.jobs.start(id)
    place.jobs.succeed(id)
  }
  await place.log.close()
  assert.equal(place.lines(), [])
})

test('many lines at once are all there, in order', async place => {
  const ids = await Promise.all(Array.from({ length: 500 }, () => place.submit()))
  for (const id of ids) place.jobs.start(id)
  for (const id of ids) place.jobs.succeed(id)
  await place.log.close()
  assert.equal(
    place.lines().map(line => line.slice(3, 39)),
    [...ids, ...ids],
  )
})

test('it goes on in a new file after the old one was moved away or deleted', async place => {
  const one = await place.submit()
  place.jobs.start(one)
  await eventually('the first line', () => place.lines().length === 1)
  renameSync(place.file, `${place.file}.1`)
  place.jobs.succeed(one)
  await eventually('the second line', () => place.lines().length === 1)
  assert.match(place.lines()[0] ?? '', /Done working!$/)
  unlinkSync(place.file)
  place.jobs.start(await place.submit())
  await eventually('the third line', () => place.lines().length === 1)
})

test('a file that cannot be opened is told of once; then its lines follow', async place => {
  rmSync(place.folder, { recursive: true })
  const ids = await Promise.all(Array.from({ length: 5 }, () => place.submit()))
  for (const id of ids) {
    const before = place.told.length
    place.jobs.start(id)
    await eventually('the failure is told', () => place.told.length > 0 || before > 0)
  }
  assert.equal(place.told, ['warn the work log cannot be written; its lines wait'])
  mkdirSync(place.folder)
  place.jobs.succeed(ids[0]!)
  await eventually('all lines', () => place.lines().length === 6)
  await eventually('the recovery is told', () => place.told.length === 2)
  assert.is(place.told[1], 'info the work log is written again')
  assert.equal(
    place.lines().map(line => line.slice(3, 39)),
    [...ids, ids[0]!],
  )
})

const withFullDevice = skipUnless(existsSync('/dev/full'), 'needs /dev/full')

withFullDevice(test)('a full disk disturbs nothing, and what it refused follows', async place => {
  symlinkSync('/dev/full', place.file)
  const id = await place.submit()
  place.jobs.start(id)
  await eventually('the failure is told', () => place.told.length === 1)
  place.jobs.succeed(id)
  unlinkSync(place.file)
  await eventually('both lines', () => place.lines().length === 2)
  assert.match(place.lines()[0] ?? '', /Working\.\.\.$/)
})

withFullDevice(test)('closing ends although nothing can be written', async place => {
  symlinkSync('/dev/full', place.file)
  place.jobs.start(await place.submit())
  await place.log.close()
  assert.is(place.told.length, 1)
  assert.is(place.jobs.listeners, 0)
})

test('what waits in memory is bounded', async place => {
  rmSync(place.folder, { recursive: true })
  const id = await place.submit()
  const long = { name: 'Error', message: 'x'.repeat(1000) }
  for (let round = 0; round < 6000; round += 1) {
    place.jobs.start(id)
    place.jobs.retryLater(id, place.now, long)
  }
  mkdirSync(place.folder)
  await place.log.close()
  const bytes = readFileSync(place.file).length
  assert.ok(bytes > 1_000_000 && bytes <= 1024 * 1024, `${bytes}`)
})

test.run()
