// @time-limit 60s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import type * as nesting from './tasks/nesting.js'

const test = suite('lanes: waits for tasks of another scheduler')
const inBothPlaces = testsInBothPlaces(test)

const tasks = new URL('./tasks/nesting.js', import.meta.url)

const start = (launch: Launch) => launch<typeof nesting, 'one'>({ tasks, lanes: { one: {} } })

inBothPlaces('a task may await one of another scheduler that has the same number', async launch => {
  await using scheduler = await start(launch)
  const { one } = scheduler.lanes
  assert.is(await one.run('awaitOneOfItsOwn'), 5)
  // Its number is that of its own lane's first task.
  assert.is(await one.run('awaitLaneOfItsOwn'), 5)
})

inBothPlaces('and one that has a key, on a lane of which this scheduler knows nothing', async launch => {
  await using scheduler = await start(launch)
  assert.is(await scheduler.lanes.one.run('awaitOneOfItsOwn', ['k']), 5)
  assert.is(await scheduler.lanes.one.run('awaitOneOfItsOwn', ['k']), 5)
})

test.run()
