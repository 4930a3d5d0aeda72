import { MultilaneError, registerError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Launch, testsInBothPlaces } from '../support/both-places.js'
import { withMadeStacks } from '../support/made-stacks.js'
import { rejectionOf } from '../support/rejection.js'
import { PaymentError } from './tasks/payment-error.js'
import type * as throwers from './tasks/throwers.js'
import { Witness } from './witness.js'

const test = suite("faults: errors of the user's own")
const both = testsInBothPlaces(test)

registerError(PaymentError)

const tasks = new URL('./tasks/throwers.js', import.meta.url)
const start = (launch: Launch = SchedulerThread.start) =>
  launch<typeof throwers, 'a' | 'other'>({ tasks, lanes: { a: {}, other: {} } })

both(
  'own error class with code, cause, AggregateError, a cause that is a cycle, a 10 MB message: at once, among others',
  async launch => {
    await using scheduler = await start(launch)
    const witness = await Witness.of(scheduler, 'other')
    const { a } = witness.lanes
    const names = ['throwPayment', 'throwAggregate', 'throwCycle', 'throwHuge', 'throwStockLater'] as const
    for (let round = 0; round < 3; round++) {
      const failing = names.map(name => a.submit(name))
      const passing = names.map((_, i) => a.submit('echo', [i]))
      const outcomes = await Promise.allSettled(failing.map(task => task.result()))
      const kinds = outcomes.map(outcome => (outcome as PromiseRejectedResult).reason.name)
      assert.equal(kinds, ['PaymentError', 'AggregateError', 'Error', 'Error', 'StockError'])
      for (const [i, task] of passing.entries()) assert.is(await task.result(), i)
    }
    await witness.kept()
    assert.is((await scheduler.stats()).lanes.a?.restarts, 0)
  },
)

both('own error class with code, cause', async launch => {
  await using scheduler = await start(launch)
  const error = await rejectionOf(scheduler.lanes.a.run('throwPayment'), PaymentError)
  assert.is(error.name, 'PaymentError')
  assert.is(error.message, 'declined')
  assert.is(error.code, 'E_PAYMENT')
  assert.is(error.amount, 12)
  assert.is(error.isSmall, false)
  assert.instance(error.cause, TypeError)
  const { cause } = error as { cause: TypeError }
  assert.is(cause.message, 'inner')
  assert.instance(cause.cause, RangeError)
  assert.is((cause.cause as RangeError).message, 'innermost')
})

both('an error has the stack of the task, and that of the caller after it', async launch => {
  await using scheduler = await start(launch)
  async function theCaller(): Promise<unknown> {
    return await scheduler.lanes.a.run('throwPayment')
  }
  const { stack = '' } = await rejectionOf(theCaller(), PaymentError)
  assert.ok(stack.startsWith('PaymentError: declined\n'), stack)
  const [task, caller] = [stack.indexOf('at throwPayment'), stack.indexOf('theCaller')]
  assert.ok(task > 0 && caller > task, stack)
})

both('an Error.prepareStackTrace that makes no text keeps no outcome from its caller', async launch => {
  await using scheduler = await start(launch)
  const { a } = scheduler.lanes
  await withMadeStacks(async () => {
    assert.is((await rejectionOf(a.run('throwPayment'), PaymentError)).message, 'declined')
    assert.is(
      (await rejectionOf(a.run('give', ['function']), MultilaneError)).code,
      'ERR_RESULT_NOT_CLONEABLE',
    )
  })
})

both('own error class that is not registered: its nearest built-in, with its own fields', async launch => {
  await using scheduler = await start(launch)
  const error = await rejectionOf(scheduler.lanes.a.run('throwStockLater'), RangeError)
  assert.is(Object.getPrototypeOf(error), RangeError.prototype)
  assert.is(error.name, 'StockError')
  assert.is(error.message, 'none left')
  const { code, shelves } = error as { code?: unknown; shelves?: unknown }
  assert.is(code, 'E_STOCK')
  assert.equal(shelves, ['a', 'b'])
})

both('the AbortError of a fetch is a DOMException', async launch => {
  await using scheduler = await start(launch)
  const error = await rejectionOf(scheduler.lanes.a.run('throwAborted'), DOMException)
  assert.is(error.name, 'AbortError')
  assert.is(error.code, DOMException.ABORT_ERR)
})

both('AggregateError', async launch => {
  await using scheduler = await start(launch)
  const { message, errors } = await rejectionOf(scheduler.lanes.a.run('throwAggregate'), AggregateError)
  assert.is(message, 'many')
  assert.is(errors.length, 3)
  assert.instance(errors[0], TypeError)
  assert.is(errors[0].message, 'first')
  assert.instance(errors[1], PaymentError)
  assert.is(errors[1].amount, 5)
  assert.is(errors[2], 'third')
})

both('a cause that is a cycle', async launch => {
  await using scheduler = await start(launch)
  const one = await rejectionOf(scheduler.lanes.a.run('throwCycle'), Error)
  assert.is(one.message, 'one')
  assert.instance(one.cause, TypeError)
  assert.is((one.cause as TypeError).message, 'two')
  assert.is((one.cause as TypeError).cause, one)
})

both('a 10 MB message', async launch => {
  await using scheduler = await start(launch)
  const { message } = await rejectionOf(scheduler.lanes.a.run('throwHuge'), Error)
  assert.is(message.length, 10 * 1024 * 1024)
  assert.ok(message === 'm'.repeat(message.length))
})

both('a chain of a thousand causes is bounded', async launch => {
  await using scheduler = await start(launch)
  let depth = 0
  const error = await rejectionOf(scheduler.lanes.a.run('throwDeep'), Error)
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    assert.is(at.message, `${999 - depth}`)
    depth++
  }
  assert.ok(depth >= 8 && depth < 1000, `${depth}`)
})

both('an error whose parts throw or cannot be cloned still arrives', async launch => {
  await using scheduler = await start(launch)
  const error = await rejectionOf(scheduler.lanes.a.run('throwHostile'), Error)
  assert.is(error.message, 'hostile')
  assert.is((error as { kept?: unknown }).kept, 'yes')
  assert.is(await scheduler.lanes.a.run('echo', ['alive']), 'alive')
})

test.run()
