// @time-limit 60s
import { SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type * as deadlocking from './tasks/deadlocking.js'

const test = suite('lanes: waits for a map whose items come as there is room')

const start = () =>
  SchedulerThread.start<typeof deadlocking, 'urgent' | 'bulk' | 'other'>({
    tasks: new URL('./tasks/deadlocking.js', import.meta.url),
    lanes: {
      urgent: { priority: 'user-blocking' },
      bulk: { priority: 'background', queue: { limit: 200, overload: 'wait' } },
      other: { concurrency: 8, queue: { limit: 1, overload: 'wait' } },
    },
  })

test('an item that comes late, and waits for the task that awaits the map, is refused that by name', async () => {
  await using scheduler = await start()
  const { urgent } = scheduler.lanes
  const mapping = urgent.submit('mapThere', ['other', 11, 30])
  await mapping.wait({ for: 'RUNNING' })
  await urgent.run('give', [mapping])
  const cycle = "ERR_DEADLOCK; task 'itemOf' on lane 'other'; task 'mapThere' on lane 'urgent'"
  assert.is(await mapping.result(), `${'slept,'.repeat(10)}${cycle}`)
})

test('an item that comes late moves ahead in its lane as the first do', async () => {
  await using scheduler = await start()
  const log = new SharedArrayBuffer(4 * 1_000)
  await scheduler.lanes.urgent.run('mapBehind', ['bulk', log, 200, [1_000, 1_001, 1_002]])
  const values = [...new Int32Array(log)].slice(1, 204)
  const places = [1_000, 1_001, 1_002].map(value => values.indexOf(value))
  assert.ok(
    places.every(place => place >= 0 && place < 150),
    places.join(),
  )
})

test.run()
