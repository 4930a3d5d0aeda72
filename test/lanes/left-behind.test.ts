import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import { connectControl } from '#src/bridge/control.js'
import { eventually } from '../support/eventually.js'
import { heldPorts } from '../support/open-ports.js'
import { reasonOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: what a scheduler leaves behind')

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

test.run()
