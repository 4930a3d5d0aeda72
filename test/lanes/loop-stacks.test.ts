import { Session } from 'node:inspector'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { LoopStacks } from '#src/lanes/loop-stacks.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: stacks read through the inspector')

interface Said {
  readonly method: string
  readonly params: { readonly sessionId?: string; readonly message?: string }
}

const { connectToMainThread, post, disconnect } = Session.prototype
let said: Said[] = []
let clock: ManualClock
let stacks: LoopStacks
/** The session that was opened last. */
let session: Session

test.before.each(() => {
  said = []
  clock = new ManualClock()
  stacks = new LoopStacks(clock)
  Object.assign(Session.prototype, {
    connectToMainThread(this: Session) {
      session = this
    },
    post(method: string, params: object) {
      said.push({ method, params })
    },
    disconnect() {
      said.push({ method: 'disconnect', params: {} })
    },
  })
})
test.after.each(() => void Object.assign(Session.prototype, { connectToMainThread, post, disconnect }))

const attached = (sessionId: string, threadId: number): boolean =>
  session.emit('NodeWorker.attachedToWorker', {
    params: { sessionId, workerInfo: { title: `[worker ${threadId}] lane` } },
  })

/** As many turns as it takes until so much has been said. */
async function saidInAll(count: number): Promise<Said> {
  while (said.length < count) await new Promise(setImmediate)
  assert.is(said.length, count)
  return said.at(-1)!
}

function answer({ params: { sessionId, message } }: Said, stack: string): void {
  const { id } = JSON.parse(message!) as { id: number }
  const reply = JSON.stringify({ id, result: { result: { value: stack } } })
  session.emit('NodeWorker.receivedMessageFromWorker', { params: { sessionId, message: reply } })
}

const methods = (): string[] => said.map(({ method }) => method)
const stackOf = (name: string): string => `    at ${name} (file:///tasks.js:1:1)`

/** A stack that is wanted, and comes. */
async function taken(threadId: number, after: number): Promise<void> {
  const stack = stacks.of(threadId)
  answer(await saidInAll(after + 1), `Error\n${stackOf('spin')}`)
  assert.is(await stack, stackOf('spin'))
}

// What is said to a thread in the moment of its end is the end of the process.
test('nothing is said to a thread whose stack is not wanted', async () => {
  const first = stacks.of(7)
  assert.is((await saidInAll(1)).method, 'NodeWorker.enable')
  attached('a', 6)
  attached('b', 7)
  attached('c', 8)
  const asked = await saidInAll(2)
  assert.is(asked.params.sessionId, 'b')
  answer(asked, `Error\n${stackOf('spin')}`)
  assert.is(await first, stackOf('spin'))

  clock.runFor(500)
  const second = stacks.of(8)
  const askedNext = await saidInAll(3)
  assert.is(askedNext.params.sessionId, 'c')
  answer(askedNext, `Error\n${stackOf('hash')}`)
  assert.is(await second, stackOf('hash'))
})

test('a thread that has come later is attached to, and one that has gone is asked nothing', async () => {
  const late = stacks.of(9)
  await saidInAll(1)
  attached('a', 9)
  answer(await saidInAll(2), `Error\n${stackOf('late')}`)
  assert.is(await late, stackOf('late'))
  session.emit('NodeWorker.detachedFromWorker', { params: { sessionId: 'a' } })
  const gone = stacks.of(9)
  await saidInAll(2)
  clock.runFor(100)
  assert.is(await gone, undefined)
  await saidInAll(2)
})

test('a thread that is named when its stack has been given up is asked nothing, and a late answer is let pass', async () => {
  const givenUp = stacks.of(7)
  await saidInAll(1)
  clock.runFor(100)
  assert.is(await givenUp, undefined)
  attached('a', 7)
  await saidInAll(1)
  const unanswered = stacks.of(7)
  const asked = await saidInAll(2)
  clock.runFor(100)
  assert.is(await unanswered, undefined)
  answer(asked, `Error\n${stackOf('late')}`)
})

// An open session is told of when the process exits.
test('the session is closed a second after the last stack, and twice as late the next time', async () => {
  const first = stacks.of(7)
  await saidInAll(1)
  attached('a', 6)
  attached('b', 7)
  answer(await saidInAll(2), `Error\n${stackOf('spin')}`)
  await first
  clock.runFor(999)
  await taken(7, 2)
  clock.runFor(999)
  assert.is(said.length, 3)
  clock.runFor(1)
  assert.equal(methods().slice(3), ['NodeWorker.detach', 'NodeWorker.detach', 'disconnect'])
  // What has come is handed out a microtask later.
  attached('c', 8)

  const again = stacks.of(7)
  assert.is((await saidInAll(7)).method, 'NodeWorker.enable')
  attached('d', 7)
  answer(await saidInAll(8), `Error\n${stackOf('spin')}`)
  assert.is(await again, stackOf('spin'))
  clock.runFor(1_999)
  assert.is(said.length, 8)
  clock.runFor(1)
  assert.equal(methods().slice(8), ['NodeWorker.detach', 'disconnect'])
})

test('a session that Node refuses is no stack', async () => {
  Object.assign(Session.prototype, {
    connectToMainThread() {
      throw new Error('no inspector')
    },
  })
  assert.is(await stacks.of(7), undefined)
  assert.is(await stacks.of(8), undefined)
})

test.run()
