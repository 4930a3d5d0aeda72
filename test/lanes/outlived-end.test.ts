import { Session } from 'node:inspector'
import { SchedulerThread, TaskCanceledError } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { arrived, newGate } from '../support/gate.js'
import { rejectionOf } from '../support/rejection.js'
import type * as plain from './tasks/plain.js'

const test = suite('lanes: a thread that outlives its end')

const tasks = new URL('./tasks/plain.js', import.meta.url)
/** Longer than the grace, so that the thread is ended meanwhile. */
const EVALUATE = `(() => {
  const end = performance.now() + 700
  while (performance.now() < end);
})()`

/** Has the inspector evaluate something on a worker, as a look at its stack does; resolves with its answer. */
function evaluateOn(threadId: number): Promise<string> {
  const session = new Session()
  session.connect()
  return new Promise(resolve => {
    session.on('NodeWorker.attachedToWorker', ({ params: { sessionId, workerInfo } }) => {
      if (!workerInfo.title.startsWith(`[worker ${threadId}]`)) return
      const message = JSON.stringify({ id: 1, method: 'Runtime.evaluate', params: { expression: EVALUATE } })
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message })
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params }) => {
      session.disconnect()
      resolve(params.message)
    })
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  })
}

test('one that is ended while the inspector looks at it is ended again', async () => {
  await using scheduler = await SchedulerThread.start<typeof plain, 'held'>({
    tasks,
    lanes: { held: { grace: 100 } },
  })
  const { held } = scheduler.lanes
  const threadId = await held.run('thread')
  const gate = newGate()
  const loop = held.submit('spin', [gate], { key: 'turn' })
  await arrived(gate)
  const answer = evaluateOn(threadId)
  loop.cancel()
  await rejectionOf(loop.result(), TaskCanceledError)
  // A key's turn is over only when nothing can run any more of the task that had it.
  const next = held.submit('echo', ['next'], { key: 'turn' })
  assert.match(await answer, 'terminated')
  await eventually('the thread has exited', () => next.state === 'DONE')
  assert.is((await scheduler.stats()).lanes.held?.restarts, 1)
})

test.run()
