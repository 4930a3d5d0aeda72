// @time-limit 60s
import {
  AsyncScheduler,
  AsyncTask,
  NotCloneableError,
  SyncTask,
  TaskCanceledError,
  type TaskHandle,
} from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { rejectionOf } from '../support/rejection.js'

const test = suite('lanes: what a SyncTask cannot be given')

const PLAIN = new URL('./tasks/plain.js', import.meta.url)

async function start() {
  const scheduler = await AsyncScheduler.start({ pool: { threads: 1 } })
  const restarts: unknown[] = []
  scheduler.on('restart', event => restarts.push(event))
  return { scheduler, restarts, [Symbol.asyncDispose]: () => scheduler.close() }
}

test('what cannot be read or handed over is named, and no thread is blamed for it', async () => {
  await using made = await start()
  const { scheduler, restarts } = made
  const accessor = {
    get field(): never {
      throw new Error('planted')
    },
  }
  const { port1, port2 } = new MessageChannel()
  const locked = new ReadableStream()
  locked.getReader()
  const cases: readonly (readonly [arg: unknown, transfer: object[], path: string])[] = [
    [accessor, [], 'args[0].field'],
    [{ port: port1 }, [], 'args[0].port'],
    [1, [locked], 'args'],
    [{ port: port1 }, [new ArrayBuffer(8)], 'args[0].port'],
  ]
  for (const [arg, transfer, path] of cases) {
    const run = scheduler.run(new SyncTask(PLAIN, 'echo', [arg]), { transfer })
    assert.is((await rejectionOf(run, NotCloneableError)).path, path)
  }
  port1.close()
  port2.close()
  assert.is(restarts.length, 0)
})

test('a handle is refused wherever it is, and no thread is blamed for it', async () => {
  await using made = await start()
  await using foreign = await start()
  const { scheduler, restarts } = made
  const handle = scheduler.submitTask(new AsyncTask(() => 'value'))
  const other = foreign.scheduler.submitTask(new AsyncTask(() => 'value'))
  const cases: readonly (readonly [args: unknown[], path: string])[] = [
    [[handle], 'args[0]'],
    [[1, { tasks: [2, other] }], 'args[1].tasks[1]'],
    [[new Map([['first', new Set([handle])]])], "args[0].get('first').values()[0]"],
  ]
  for (const [args, path] of cases) {
    const refused = scheduler.submitTask(new SyncTask(PLAIN, 'echo', args), { retries: 2 })
    const error = await rejectionOf(refused.result(), NotCloneableError)
    assert.equal([error.path, refused.state], [path, 'FAILED'])
    assert.instance(error.cause, TypeError)
  }
  const bytes = new ArrayBuffer(8)
  const both = scheduler.run(new SyncTask(PLAIN, 'echo', [[bytes, handle]]), { transfer: [bytes] })
  assert.is((await rejectionOf(both, NotCloneableError)).path, 'args[0][1]')
  assert.is(bytes.byteLength, 8, 'nothing was handed over')
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'echo', [await handle.result()])), 'value')
  const awaits = (task: TaskHandle<string>): Promise<string> => task.result()
  assert.is(await scheduler.run(new AsyncTask(awaits, [handle])), 'value')
  assert.is(restarts.length, 0)
})

test('an argument that has its own task cancelled while it is looked through', async () => {
  await using made = await start()
  const { scheduler, restarts } = made
  const other = scheduler.submitTask(new AsyncTask(() => 'value'))
  // It is looked through for handles, then cloned or asked where one is, then asked what kept it from being cloned.
  const cases = [1, 2, 3].flatMap(read => [
    { read, later: 'fine', beside: null },
    { read, later: () => {}, beside: null },
  ])
  for (const { read, later, beside } of [
    ...cases,
    ...[1, 2].map(at => ({ read: at, later: 'fine', beside: other })),
  ]) {
    let reads = 0
    let isCancelled: boolean | undefined
    const accessor = {
      get field() {
        if (++reads < read) return () => {}
        isCancelled ??= handle.cancel()
        return later
      },
    }
    const handle = scheduler.submitTask(new SyncTask(PLAIN, 'echo', [accessor, beside]))
    await rejectionOf(handle.result(), TaskCanceledError)
    assert.equal([isCancelled, handle.state], [true, 'CANCELED'], `at read ${read}`)
  }
  assert.is(await scheduler.run(new SyncTask(PLAIN, 'echo', [1])), 1)
  assert.is(restarts.length, 0)
})

test.run()
