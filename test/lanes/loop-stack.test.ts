import { Session } from 'node:inspector'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { loopStack } from '#src/lanes/loop-stack.js'

const test = suite('lanes: stacks read through the inspector')

const THREAD = 7

test('a thread that the inspector names after its session is over is let pass', async () => {
  const { connectToMainThread, post, disconnect } = Session.prototype
  let over = false
  const refused: unknown[] = []
  Object.assign(Session.prototype, {
    connectToMainThread() {},
    // As Node's own: on a session that is over it throws.
    post(method: string) {
      if (!over) return
      refused.push(method)
      throw new Error('Session is not connected')
    },
    disconnect(this: Session) {
      over = true
      const params = { sessionId: '1', workerInfo: { title: `[worker ${THREAD}] lane` } }
      // What has come is handed out a microtask later.
      queueMicrotask(() => this.emit('NodeWorker.attachedToWorker', { method: '', params }))
    },
  })
  // The library's own timers hold no process.
  const held = setTimeout(() => {}, 60_000)
  try {
    assert.is(await loopStack(THREAD), undefined)
    await nextTurn()
    assert.equal([over, refused], [true, []])
  } finally {
    clearTimeout(held)
    Object.assign(Session.prototype, { connectToMainThread, post, disconnect })
  }
})

test.run()
