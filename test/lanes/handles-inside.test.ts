// @time-limit 60s
import { MultilaneError, NotCloneableError, ResultNotCloneableError, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { arrived, newGate, openGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as handed from './tasks/handed.js'

const test = suite('lanes: handles inside values')

const tasks = new URL('./tasks/handed.js', import.meta.url)

async function start() {
  const scheduler = await SchedulerThread.start<typeof handed, 'a' | 'b'>({ tasks, lanes: { a: {}, b: {} } })
  const { a, b } = scheduler.lanes
  return { scheduler, a, b, task: a.submit('produceAtOnce', ['one']) }
}

test('they arrive in whatever can be cloned: objects of a class, maps and sets as well', async () => {
  const { scheduler, b, task } = await start()
  await using _ = scheduler
  class Order {
    readonly first = 1
    readonly task = task
  }
  const H = `H${task.id}`
  for (const [value, shape] of [
    [new Order(), `{first:1,task:${H}}`],
    [
      new Map<unknown, unknown>([
        [1, 2],
        ['k', { task }],
        [task, 'v'],
      ]),
      `Map(1>2,k>{task:${H}},${H}>v)`,
    ],
    [new Set<unknown>([1, task, [task]]), `Set(1,${H},[${H}])`],
    [Object.assign(Object.create(null), { task }), `{task:${H}}`],
    [[task, [task], new Uint8Array(0)], `[${H},[${H}],{}]`],
  ] as const) {
    assert.is(await b.run('shapeOf', [value]), shape)
  }
})

test('they arrive in values that lead back to themselves', async () => {
  const { scheduler, b, task } = await start()
  await using _ = scheduler
  const value = { task, own: undefined as unknown }
  value.own = value
  assert.equal(await b.run('isItsOwn', [value]), [true, true])
})

test('a value full of cross-references is looked through once', async () => {
  const { scheduler, b } = await start()
  await using _ = scheduler
  interface Node {
    readonly parent: Node | null
    readonly children: Node[]
  }
  const grow = (parent: Node | null, depth: number): Node => {
    const node: Node = { parent, children: [] }
    for (let i = 0; depth > 0 && i < 4; i++) node.children.push(grow(node, depth - 1))
    return node
  }
  assert.is(await b.run('lengthOf', [grow(null, 5)]), 1)
})

test('a list too long to be cloned is refused, and a shorter one arrives', async () => {
  const { scheduler, b, task } = await start()
  await using _ = scheduler
  const listOf = (length: number) => {
    let list: object = { task }
    for (let i = 1; i < length; i++) list = { next: list }
    return list
  }
  const tooLong = rejectionOf(b.run('lengthOf', [listOf(200_000)]), NotCloneableError)
  assert.is(await b.run('lengthOf', [listOf(500)]), 500)
  await tooLong
})

test('what cannot even be looked at is refused alone', async () => {
  const { scheduler, b, task } = await start()
  await using _ = scheduler
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  const trap = (): never => {
    throw new Error('not to be looked at')
  }
  const throwing = new Proxy({}, { has: trap, ownKeys: trap })
  for (const value of [proxy, throwing, { inside: proxy }, new Proxy(task, {})]) {
    const before = b.run('shapeOf', [1])
    const refused = rejectionOf(b.run('shapeOf', [value]), NotCloneableError)
    const after = b.run('shapeOf', [[task]])
    assert.equal(await Promise.all([before, after]), ['1', `[H${task.id}]`])
    assert.ok((await refused).path.startsWith('args[0]'))
  }
})

test('a task cannot return one', async () => {
  const { scheduler, b, task } = await start()
  await using _ = scheduler
  for (const [call, path] of [
    [() => b.run('giveBack', [task]), 'result'],
    [() => b.run('giveBack', [{ list: [1, task] }]), 'result.list[1]'],
    [() => b.run('submitAndReturn'), 'result.inside[0]'],
    [() => b.run('returnShy'), 'result'],
  ] as const) {
    const error = await rejectionOf(call(), ResultNotCloneableError)
    assert.is(error.path, path)
    assert.match((error.cause as Error).message, /cannot be returned/)
  }
  assert.is(await b.run('shapeOf', [await b.run('giveBack', [[1]])]), '[1]')
  assert.is((await scheduler.stats()).strays, 0)
})

test('inline, one that is returned is refused as well', async () => {
  await using scheduler = await SchedulerThread.inline<typeof handed, 'a'>({ tasks, lanes: { a: {} } })
  const { a } = scheduler.lanes
  const task = a.submit('produceAtOnce', ['one'])
  const error = await rejectionOf(a.run('giveBack', [{ task }]), MultilaneError)
  assert.is(error.code, 'ERR_RESULT_NOT_CLONEABLE')
})

test('a value that can be read but once arrives wherever it is awaited, and its thread goes on', async () => {
  const { scheduler, a, b } = await start()
  await using _ = scheduler
  const errors: unknown[] = []
  scheduler.on('error', error => errors.push(error))
  const gate = newGate()
  const task = a.submit('readableOnce', [gate])
  await arrived(gate)
  const waiting = b.submit('awaitIt', [task])
  await waiting.wait({ for: 'RUNNING' })
  const next = a.submit('produceAtOnce', ['next'])
  openGate(gate)
  assert.equal(
    [(await task.result()).text, await waiting.result(), await next.result()],
    ['once', 'once', 'next'],
  )
  assert.is(await b.run('awaitIt', [task]), 'once', 'also when it has long ended')
  assert.equal(errors, [])
})

test.run()
