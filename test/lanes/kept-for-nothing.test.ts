import { setImmediate as turn } from 'node:timers/promises'
import { AsyncScheduler, AsyncTask, SchedulerThread, type TaskHandle, type TaskOptions } from 'multilane'
import { currentTask } from 'multilane/task'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { collectGarbage } from '../support/garbage.js'

const test = suite('what has ended is kept by nothing')

const make = (): object => ({ large: 'thing' })
type Made = { make: typeof make }

/** Collects all that nothing holds once the present turn is over. */
async function collectAll(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    await turn()
    collectGarbage()
  }
}

/** How many results of a chain of tasks, each after the last, are held with the last handle. */
async function heldByLast(
  submit: (options: TaskOptions<object>) => TaskHandle<object>,
  options: TaskOptions<object>,
): Promise<number> {
  const results: WeakRef<object>[] = []
  let last = submit({})
  for (let i = 0; i < 50; i++) {
    last = submit({ after: [last], ...options })
    results.push(new WeakRef(await last.result()))
  }
  await collectAll()
  const held = results.filter(result => result.deref() !== undefined).length
  assert.is(last.state, 'DONE')
  return held
}

for (const [what, options] of [
  ['callbacks', { onDone: () => {} }],
  ['a signal', { signal: new AbortController().signal }],
] as const) {
  test(`by a handle: what its task was to start after, also with ${what}`, async () => {
    await using loop = await AsyncScheduler.start()
    const task = new AsyncTask(make)
    assert.ok((await heldByLast(more => loop.submitTask(task, more), options)) <= 2)
    await using inline = await SchedulerThread.inline<Made, 'a'>({ tasks: { make }, lanes: { a: {} } })
    assert.ok((await heldByLast(more => inline.lanes.a.submit('make', [], more), options)) <= 2)
  })
}

test('by the tasks that were given its handle inline', async () => {
  const tasks = { make, take: (task: TaskHandle) => task.result().then(() => {}) }
  await using scheduler = await SchedulerThread.inline<typeof tasks, 'a'>({ tasks, lanes: { a: {} } })
  const { a } = scheduler.lanes
  const results: WeakRef<object>[] = []
  for (let i = 0; i < 20; i++) {
    const handle = a.submit('make')
    results.push(new WeakRef(await handle.result()))
    await a.run('take', [handle])
  }
  await collectAll()
  const held = results.filter(result => result.deref() !== undefined).length
  assert.ok(held <= 2, `${held} results are held`)
})

test('by a long task: very many others that were given its handle, and waited for a moment', async () => {
  let end = (): void => {}
  const long = (): Promise<string> =>
    new Promise(resolve => {
      end = () => resolve('the end')
    })
  const glance = (task: TaskHandle): Promise<boolean> => task.wait({ timeout: 0 })
  const scheduler = await SchedulerThread.inline({ tasks: { long, glance }, lanes: { a: {}, b: {} } })
  const errors: unknown[] = []
  scheduler.on('error', error => errors.push(error))
  const handle = scheduler.lanes.b.submit('long')
  for (let i = 0; i < 200; i++)
    await Promise.all(Array.from({ length: 100 }, () => scheduler.lanes.a.run('glance', [handle])))
  end()
  assert.is(await handle.result(), 'the end')
  assert.equal(errors, [])
  await scheduler.close()
})

test('by the places of submission: whoever submits while somebody listens for slow tasks', async () => {
  await using scheduler = await AsyncScheduler.start()
  scheduler.on('slow', () => {})
  const requests: WeakRef<object>[] = []
  class Request {
    async answer(): Promise<void> {
      requests.push(new WeakRef(this))
      await scheduler.run(new AsyncTask(make))
    }
  }
  for (let i = 0; i < 40; i++) await new Request().answer()
  await collectAll()
  const held = requests.filter(request => request.deref() !== undefined).length
  assert.ok(held <= 2, `${held} requests are held`)
})

test('by what a task leaves behind on one loop: its result', async () => {
  await using scheduler = await AsyncScheduler.start()
  const results: WeakRef<object>[] = []
  const timers: NodeJS.Timeout[] = []
  const names: string[] = []
  const leave = (): object => {
    timers.push(setInterval(() => {}, 1_000_000).unref())
    const { name, id } = currentTask()
    setTimeout(() => {
      const { cancelled } = currentTask()
      names.push(`${name} ${id === currentTask().id} ${cancelled}`)
    }, 20)
    return make()
  }
  for (const task of [new AsyncTask(leave), new AsyncTask(async () => leave(), [], { name: 'later' })])
    for (let i = 0; i < 10; i++) results.push(new WeakRef(await scheduler.run(task)))
  await collectAll()
  const held = results.filter(result => result.deref() !== undefined).length
  assert.ok(held <= 2, `${held} results are held`)
  await eventually('what was left behind knows its task', () => names.length === 20)
  assert.equal(new Set(names), new Set(['leave true false', 'later true false']))
  for (const timer of timers) clearInterval(timer)
})

test('by its history: the scheduler as it was before it was stopped', async () => {
  const scheduler = new AsyncScheduler({ history: 1000 })
  const cycle = async (): Promise<void> => {
    await scheduler.start()
    await scheduler.run(new AsyncTask(make))
    await scheduler.stop()
  }
  const memory = async (): Promise<number> => {
    await collectAll()
    return process.memoryUsage().arrayBuffers
  }
  await cycle()
  const before = await memory()
  for (let i = 0; i < 10; i++) await cycle()
  const grown = (await memory()) - before
  assert.ok(grown < 500_000, `it grew by ${grown} bytes`)
  assert.is([...scheduler.tasks()].length, 11)
  await scheduler.close()
})

test.run()
