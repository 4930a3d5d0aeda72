import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { compileInputSchema } from '#daemon/config/input-schema.js'
import { loadConfig } from '#daemon/config/load-config.js'
import { exampleFolder } from './config-text.js'

const test = suite('daemon example: the configuration')

const FILE = join(exampleFolder, 'multilaned.yaml')

test('it loads, and warns of the two groups that are not complete', async () => {
  const { warnings } = await loadConfig(FILE)
  assert.is(warnings.length, 2, warnings.join('\n'))
  assert.match(
    warnings[0]!,
    /multilaned\.yaml:\d+:3: group\.group_b: names jobs that are not defined.*"job_b1", "job_b2", "job_b3"$/,
  )
  assert.match(warnings[1]!, /multilaned\.yaml:\d+:3: group\.group_c: has no jobs/)
})

test('it has the lanes, and the groups and jobs of the job services', async () => {
  const { lanes, groups, jobs, work, queue, listen } = await loadConfig(FILE)
  assert.equal(Object.keys(lanes), ['urgent', 'normal', 'bulk', 'waits'])
  assert.equal(
    Object.values(lanes).map(({ priority }) => priority),
    ['user-blocking', 'user-visible', 'background', 'user-visible'],
  )
  assert.is(lanes.bulk?.threads, 2)
  assert.equal(
    [...groups],
    [
      ['group_a', ['job_a1', 'job_a2', 'job_a3']],
      ['group_b', ['job_b1', 'job_b2', 'job_b3']],
      ['group_c', []],
    ],
  )
  const commandOf = (name: string) => {
    const how = jobs.get(name)?.work
    return how?.kind === 'shell' ? how.command : undefined
  }
  assert.equal(['job_a1', 'job_a2', 'job_a3', 'JOB_A', 'job_b1'].map(commandOf), [
    'echo "job_a1"',
    'sleep 2',
    'sleep 2',
    'sleep 1 && echo "JOB_A"',
    undefined,
  ])
  assert.is(jobs.get(work.job ?? '')?.lane, 'normal')
  const item = jobs.get(queue.job ?? '')
  assert.is(item?.cost, 'valor')
  assert.is(item?.expected, 1000)
  assert.ok((lanes[item?.lane ?? '']?.concurrency ?? 0) >= 64)
  assert.equal(listen, { host: '127.0.0.1', port: 8080 })
})

test('an item of the queue needs text and a number that is not negative, and may have more', async () => {
  const { jobs, queue } = await loadConfig(FILE)
  const fits = compileInputSchema(jobs.get(queue.job ?? '')?.input ?? {})
  for (const good of [
    { item: 'a', valor: 0 },
    { item: '', valor: 2.5, more: [1] },
  ])
    assert.ok(fits(good))
  const bad = [
    null,
    [],
    'a',
    {},
    { item: 'a' },
    { valor: 1 },
    { item: 1, valor: 1 },
    { item: 'a', valor: '1' },
  ]
  for (const value of [...bad, { item: 'a', valor: -1 }, { item: 'a', valor: Number.NaN }]) {
    assert.not.ok(fits(value), JSON.stringify(value))
  }
})

test('every task is a function that its module exports', async () => {
  const { jobs } = await loadConfig(FILE)
  const used = new Set<string>()
  for (const { name, work } of jobs.values()) {
    if (work.kind !== 'task') continue
    assert.type((await import(work.module))[work.exported], 'function', name)
    used.add(work.module)
  }
  const modules = readdirSync(join(exampleFolder, 'jobs')).filter(name => name !== 'allowed-files.js')
  assert.equal(
    [...used].sort(),
    modules.map(name => pathToFileURL(join(exampleFolder, 'jobs', name)).href).sort(),
  )
})

test.run()
