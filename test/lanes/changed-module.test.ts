import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { SchedulerThread, UnknownTaskError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { rejectionOf } from '../support/rejection.js'

const test = suite('lanes: a task module that is changed while the lane runs')

const functionNamed = (name: string): string =>
  `export const ${name} = () => new Promise(resolve => setTimeout(resolve, 20, '${name}'))\n`
const DIE = 'export const die = () => process.exit(1)\n'

test('each thread runs the function of the name that was called, or says that it has none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'multilane-module-'))
  const file = join(folder, 'tasks.mjs')
  const write = (...names: readonly string[]) => writeFileSync(file, names.map(functionNamed).join('') + DIE)
  try {
    write('charge', 'refund')
    const lanes = { a: { threads: 2, concurrency: 1 } }
    await using scheduler = await SchedulerThread.start({ tasks: pathToFileURL(file), lanes })
    const { a } = scheduler.lanes
    const both = (name: string) => Promise.allSettled([a.run(name), a.run(name)])
    const of = (name: string) => ({ status: 'fulfilled', value: name })
    assert.equal(await both('refund'), [of('refund'), of('refund')])
    write('audit', 'bill', 'charge', 'refund')
    let restarts = 0
    scheduler.on('restart', () => restarts++)
    await a.run('die').catch(() => {})
    await eventually('the thread is replaced', () => restarts > 0)
    const outcomes = [await both('charge'), await both('refund')]
    assert.equal(outcomes, [
      [of('charge'), of('charge')],
      [of('refund'), of('refund')],
    ])
    const [unknown] = (await both('audit')).filter(({ status }) => status === 'rejected')
    const error = await rejectionOf(
      Promise.reject((unknown as PromiseRejectedResult).reason),
      UnknownTaskError,
    )
    assert.equal(error.names, ['charge', 'die', 'refund'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.run()
