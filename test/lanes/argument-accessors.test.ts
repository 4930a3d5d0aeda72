import { DeadlockError, NotCloneableError, SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rejectionOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: what accessors in the arguments of a task do while they are read')

const LIMIT = 4
const start = () =>
  SchedulerThread.start<typeof plain, 'a'>({
    tasks: new URL('./tasks/plain.js', import.meta.url),
    lanes: { a: { queue: { limit: LIMIT } } },
  })

/** Every place of the queue is there again. */
async function expectRoom({ lanes }: Awaited<ReturnType<typeof start>>): Promise<void> {
  const values = Array.from({ length: LIMIT }, (_, i) => i)
  assert.equal(await Promise.all(values.map(value => lanes.a.run('echo', [value]))), values)
}

test('one that cancels its own task cancels that one only', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  // As it is looked through for handles, and as it is cloned.
  for (const state of ['SUBMITTED', 'SCHEDULED']) {
    const argument = {
      get cancelling() {
        if (canceled.state === state) canceled.cancel()
        return 0
      },
    }
    const before = a.run('echo', ['before'])
    const canceled = a.submit('echo', [argument])
    const after = a.run('echo', ['after'])
    await rejectionOf(canceled.result(), TaskCanceledError)
    assert.equal(await Promise.all([before, after]), ['before', 'after'])
  }
  await expectRoom(scheduler)
})

test('one that cancels its own task while it is looked for what cannot be cloned', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  let isCloned = false
  const argument = {
    get once() {
      if (isCloned) canceled.cancel()
      return 0
    },
    get uncloneable() {
      if (canceled.state === 'SCHEDULED') isCloned = true
      return () => {}
    },
  }
  const canceled = a.submit('echo', [argument])
  const error = await canceled.result().catch((reason: unknown) => reason)
  assert.ok(error instanceof TaskCanceledError || error instanceof NotCloneableError)
  await expectRoom(scheduler)
})

test('a list of arguments that cannot be read fails its own task', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const revoked = Proxy.revocable([0], {})
  const throwing = Object.defineProperty([0], 0, {
    get() {
      throw new RangeError('not to be read')
    },
  })
  for (const args of [revoked.proxy, throwing]) {
    const before = a.run('echo', ['before'])
    const refused = a.submit('echo', args as [unknown])
    const after = a.run('echo', ['after'])
    revoked.revoke()
    const error = await rejectionOf(refused.result(), NotCloneableError)
    assert.is(error.path, 'args')
    assert.instance(error.cause, Error)
    assert.equal(await Promise.all([before, after]), ['before', 'after'])
  }
  await expectRoom(scheduler)
})

test('one of what the task of a handle among them was cancelled for', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  let isLeaving = false
  const reason = {
    get cancelling() {
      if (isLeaving) second.cancel()
      return 0
    },
  }
  const first = a.submit('echo', [1], { delay: 60_000 })
  assert.ok(first.cancel(reason))
  const before = a.run('echo', ['before'])
  const second = a.submit('echo', [first])
  isLeaving = true
  const after = a.run('echo', ['after'])
  await rejectionOf(second.result(), TaskCanceledError)
  assert.equal(await Promise.all([before, after]), ['before', 'after'])
  await rejectionOf(first.result(), TaskCanceledError)
  await expectRoom(scheduler)
})

test('one that waits synchronously is refused that', async () => {
  await using scheduler = await start()
  const { a } = scheduler.lanes
  const first = a.submit('echo', ['first'])
  let refusal: unknown
  const waiting = a.submit('echo', [
    {
      get value() {
        try {
          return first.resultSync()
        } catch (error) {
          refusal = error
          throw error
        }
      },
    },
  ])
  await rejectionOf(waiting.result(), NotCloneableError)
  assert.instance(refusal, DeadlockError)
  assert.is(await first.result(), 'first')
  assert.is(first.resultSync(), 'first')
  await expectRoom(scheduler)
})

test.run()
