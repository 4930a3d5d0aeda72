import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { CommitQueue, type QueuedOperation } from '#daemon/store/commit-queue.js'
import { eventually } from '../../support/eventually.js'
import { rejectionOf } from '../../support/rejection.js'

const test = suite('the commit queue')

/** A disk that answers when it is told to. */
class ManualDisk {
  readonly groups: string[][] = []
  #waiting: (() => void)[] = []
  failure: Error | null = null

  readonly commit = async (group: readonly QueuedOperation<string, string>[]): Promise<void> => {
    this.groups.push(group.map(queued => queued.operation))
    await new Promise<void>(resolve => {
      this.#waiting.push(resolve)
    })
    for (const queued of group) {
      if (this.failure === null) queued.resolve(`${queued.operation} kept`)
      else queued.reject(this.failure)
    }
  }

  async sync(): Promise<void> {
    await turn()
    this.#waiting.shift()?.()
    await turn()
  }
}

function turn(): Promise<void> {
  return new Promise(resolve => {
    setImmediate(resolve)
  })
}

function newQueue(bounds = { operations: 100, weight: 1000 }) {
  const disk = new ManualDisk()
  return { disk, queue: new CommitQueue<string, string>(disk.commit, bounds) }
}

test('what is asked for in one turn is one group, in order', async () => {
  const { disk, queue } = newQueue()
  const answers = ['a', 'b', 'c'].map(name => queue.add(name, 1))
  await Promise.resolve()
  answers.push(queue.add('d', 1))
  await disk.sync()
  assert.equal(await Promise.all(answers), ['a kept', 'b kept', 'c kept', 'd kept'])
  assert.equal(disk.groups, [['a', 'b', 'c', 'd']])
})

test('what is asked for while a group is on its way is the next group', async () => {
  const { disk, queue } = newQueue()
  const answers = [queue.add('a', 1)]
  await turn()
  answers.push(queue.add('b', 1))
  await turn()
  answers.push(queue.add('c', 1))
  await turn()
  assert.equal(disk.groups, [['a']])
  await disk.sync()
  await disk.sync()
  await Promise.all(answers)
  assert.equal(disk.groups, [['a'], ['b', 'c']])
})

test('a group has bounds, and what is over them by itself goes alone', async () => {
  const { disk, queue } = newQueue({ operations: 3, weight: 100 })
  const weights = { a: 1, b: 1, c: 1, d: 60, e: 40, f: 1, g: 500, h: 1 }
  const answers = Object.entries(weights).map(([name, weight]) => queue.add(name, weight))
  for (let group = 0; group < 5; group++) await disk.sync()
  await Promise.all(answers)
  assert.equal(disk.groups, [['a', 'b', 'c'], ['d', 'e'], ['f'], ['g'], ['h']])
})

test('a group that fails takes no other with it', async () => {
  const { disk, queue } = newQueue()
  disk.failure = new Error('the disk is full')
  const failing = [queue.add('a', 1), queue.add('b', 1)]
  const errors = Promise.all(failing.map(answer => rejectionOf(answer, Error)))
  await disk.sync()
  assert.equal(
    (await errors).map(error => error.message),
    ['the disk is full', 'the disk is full'],
  )
  disk.failure = null
  const next = queue.add('c', 1)
  await disk.sync()
  assert.is(await next, 'c kept')
})

test('it is idle once nothing waits', async () => {
  const { disk, queue } = newQueue()
  await queue.idle()
  const answer = queue.add('a', 1)
  let idle = false
  const waiting = queue.idle().then(() => {
    idle = true
  })
  await turn()
  assert.is(idle, false)
  await disk.sync()
  await answer
  await waiting
})

test('what has patience waits for company, and goes along with what has none', async () => {
  const { disk, queue } = newQueue()
  const answers = [queue.add('patient', 1, 60_000)]
  await turn()
  await turn()
  assert.equal(disk.groups, [])
  answers.push(queue.add('prompt', 1))
  await disk.sync()
  await Promise.all(answers)
  assert.equal(disk.groups, [['patient', 'prompt']])
})

test('what has patience leaves by itself when that is over', async () => {
  const { disk, queue } = newQueue()
  const answers = [queue.add('a', 1, 60_000), queue.add('b', 1, 5), queue.add('c', 1, 10_000)]
  await eventually('they have left', () => disk.groups.length === 1)
  await disk.sync()
  await Promise.all(answers)
  assert.equal(disk.groups, [['a', 'b', 'c']])
})

test('what came with patience during a commit does not leave right after it', async () => {
  const { disk, queue } = newQueue()
  const prompt = queue.add('prompt', 1)
  await turn()
  const patient = queue.add('patient', 1, 60_000)
  await disk.sync()
  await prompt
  await turn()
  assert.equal(disk.groups, [['prompt']])
  const idle = queue.idle()
  await disk.sync()
  await Promise.all([idle, patient])
  assert.equal(disk.groups, [['prompt'], ['patient']])
})

test.run()
