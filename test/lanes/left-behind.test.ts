import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { connectControl } from '#src/bridge/control.js'
import type * as killers from '../faults/tasks/thread-killers.js'
import { eventually } from '../support/eventually.js'
import { heldPorts } from '../support/open-ports.js'
import { ownOsThreads } from '../support/os-threads.js'
import { reasonOf } from '../support/rejection.js'
import { skipUnless } from '../support/skip.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: what a scheduler leaves behind')

const withThreads = skipUnless(existsSync('/proc/self/task'), 'needs /proc')
const ROUNDS = 10

/** Ports that Node itself makes with the first worker stay. */
const FIRST_PORTS = 8

async function expectNoPortsAfter(round: () => Promise<void>): Promise<void> {
  await round()
  await eventually('the first round is over', async () => (await heldPorts()) <= FIRST_PORTS)
  const before = await heldPorts()
  for (let i = 0; i < ROUNDS; i++) await round()
  // One more than before is of no account: ten would be a leak.
  await eventually('no ports are left behind', async () => (await heldPorts()) <= before + 1)
}

const options = {
  tasks: new URL('./tasks/plain.js', import.meta.url),
  lanes: { a: {}, b: { threads: { min: 1, max: 2 } }, c: {} },
}

test('no port of a control connection, also of one that closed in the middle of a call', async () => {
  await expectNoPortsAfter(async () => {
    const { port1, port2 } = new MessageChannel()
    const methods = connectControl<{ never(): void }>(port1, ['never'])
    const call = reasonOf(methods.never())
    const closed = once(port1, 'close')
    port2.close()
    await Promise.all([call, closed])
  })
})

test('no port of one that has run', async () => {
  await expectNoPortsAfter(async () => {
    const scheduler = await SchedulerThread.start<typeof plain, 'a' | 'b' | 'c'>(options)
    await Promise.all(Object.values(scheduler.lanes).map(lane => lane.run('echo', [1])))
    await scheduler.close()
  })
})

test('no port of one that is closed while it starts', async () => {
  await expectNoPortsAfter(async () => {
    const scheduler = new SchedulerThread<typeof plain, 'a' | 'b' | 'c'>(options)
    const started = reasonOf(scheduler.start())
    await scheduler.close()
    await started
  })
})

withThreads(test)('no thread of a lane that was given up', async () => {
  const lanes = { doomed: { restart: { max: 0, within: 1_000 } }, other: {} }
  const tasks = new URL('../faults/tasks/thread-killers.js', import.meta.url)
  await using scheduler = await SchedulerThread.start<typeof killers, 'doomed' | 'other'>({ tasks, lanes })
  const before = ownOsThreads().length
  await reasonOf(scheduler.lanes.doomed.run('exit', [1]))
  await eventually('it is gone', () => ownOsThreads().length < before)
  // Of a thread that is started all the same there is nothing to be seen but itself.
  await sleep(500)
  await eventually('nothing came in its place', () => ownOsThreads().length < before)
  assert.is(await scheduler.lanes.other.run('echo', [1]), 1)
})

test.run()
