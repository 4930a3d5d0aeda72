import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { noteHandle } from '#src/bridge/handle-args.js'
import { MemoryPort } from '#src/bridge/memory-port.js'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { FLAG, FLOAT, INT, TaskTable } from '#src/bridge/shared-table.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { ValueReads } from '#src/bridge/value-reads.js'
import type { TaskFunction } from '#src/lanes/loop-environment.js'
import { RunLoop } from '#src/lanes/run-loop.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: the run loop')

/** A run loop on a clock that tasks move, and by hand what a sender does. */
class Rig {
  readonly clock = new ManualClock()
  readonly block = new ThreadBlock()
  readonly waits: number[] = []
  readonly runs: number[] = []
  readonly loop: RunLoop
  readonly #table: TaskTable
  readonly #port: MemoryPort
  readonly #calls: (() => void)[] = []
  /** The senders that have gone and of which nothing runs any more. */
  readonly over: number[] = []

  /** @param during called while a task holds the loop, with the function's index and what has reached its sender */
  constructor(during: (index: number, rig: Rig) => unknown) {
    const [mine, theirs] = MemoryPort.pair({ posted: () => {} })
    this.#port = mine
    const functions: TaskFunction[] = [() => during(0, this), () => during(1, this)]
    this.loop = new RunLoop(
      this.block,
      {
        functions,
        index: 0,
        concurrency: 8,
        queue: QueuePlaces.memory(),
        mostOwed: 0,
        grace: 100,
        spin: 0,
        slowCallback: 50,
      },
      {
        clock: this.clock,
        timers: this.clock,
        reads: new ValueReads(),
        timings: { waited: wait => this.waits.push(wait), ran: run => this.runs.push(run) },
        nextTurn: call => this.#calls.push(call),
        microtask: call => this.#calls.push(call),
        invoke: (job, call) => call(...(job.args as never[])),
        awaits: () => () => {},
        revive: args => args,
        unread: () => {},
        abort: () => {},
        expiryAhead: () => {},
        abandoned: () => {},
        roomInQueue: () => {},
        senderOver: gone => this.over.push(gone),
      },
    )
    this.#table = new TaskTable((index, buffer) => {
      mine.post({ type: 'segment', index, buffer })
      this.block.ring()
    })
    this.loop.connect(0, theirs, null)
    theirs.deliver()
    this.#deliver = () => theirs.deliver()
  }

  readonly #deliver: () => void

  /** Sends calls of these functions in one batch and lets them run; returns their ids. */
  run(...indexes: readonly number[]): number[] {
    const ids = this.send(...indexes)
    this.#deliver()
    for (let call = this.#calls.shift(); call !== undefined; call = this.#calls.shift()) call()
    return ids
  }

  /** Sends calls of these functions in one batch; returns their ids. */
  send(...indexes: readonly number[]): number[] {
    const ids = indexes.map(index => {
      const id = this.#table.take()
      this.#table.setInt(id, INT.CALL, index)
      this.#table.setInt(id, INT.ARGUMENTS, 0)
      this.#table.setInt(id, INT.FLAGS, FLAG.REPORT_START)
      this.#table.setFloat(id, FLOAT.SUBMITTED, this.clock.now())
      return id
    })
    this.#port.post(ids)
    this.block.ring()
    return ids
  }

  /** When a task was claimed. */
  startOf(id: number): number {
    return this.#table.float(id, FLOAT.STARTED)
  }

  /** The sender closes its connection. */
  leave(): void {
    this.#port.close()
    this.#deliver()
  }

  /** What has reached the sender since the last look: the types of messages, and the ids of answers. */
  received(): unknown[] {
    const seen: unknown[] = []
    for (let next = this.#port.take(); next !== undefined; next = this.#port.take()) {
      const message = next.message as { type: string; ids?: number[]; id?: number } | unknown[]
      if (Array.isArray(message)) seen.push(['answers', ...message.filter((_, i) => i % 2 === 1)])
      else seen.push([message.type, ...(message.ids ?? (message.id === undefined ? [] : [message.id]))])
    }
    return seen
  }
}

test('the start of a function that nobody knows is told while it runs, and so is room', () => {
  const seen: unknown[][] = []
  const rig = new Rig((_, { received }) => seen.push(received.call(rig)))
  rig.block.backlog = true
  const [id] = rig.run(0)
  assert.equal(seen, [[['started', id], ['room']]])
  assert.is(rig.block.backlog, false)
  assert.equal(rig.received(), [['answers', id]])
})

test('a sender that asked for room before it was connected is told when there is some', () => {
  const rig = new Rig(() => new Promise(() => {}))
  const [mine, theirs] = MemoryPort.pair({ posted: () => {} })
  // It asks, and what is heard of that goes to the one that is known.
  rig.block.backlog = true
  rig.run(0)
  rig.loop.connect(1, theirs, QueuePlaces.ownMemory(1))
  rig.run(0)
  assert.equal(mine.take()?.message, { type: 'room' })
})

test('one that asked, and is connected only when all others have gone, is told as well', () => {
  const rig = new Rig(() => new Promise(() => {}))
  rig.run(0)
  rig.leave()
  const [, theirs] = MemoryPort.pair({ posted: () => {} })
  assert.is(rig.block.backlog, false)
  rig.loop.connect(1, theirs, QueuePlaces.ownMemory(1))
  assert.is(rig.block.backlog, true)
})

test('that of a slow one too, after the answers of those before it', () => {
  let seen: unknown[] = []
  const rig = new Rig(index => {
    seen = rig.received()
    rig.clock.advance(index === 1 ? 10 : 0.01)
  })
  rig.run(1)
  rig.run(0)
  rig.received()
  const [fast, slow] = rig.run(0, 1)
  assert.equal(seen, [
    ['started', fast],
    ['answers', fast],
    ['started', slow],
  ])
})

test('that of a fast one waits for its answer, and costs no message of its own turn', () => {
  const seen: unknown[] = []
  const rig = new Rig(() => seen.push(...rig.received()))
  rig.run(0)
  rig.received()
  seen.length = 0
  const ids = rig.run(0, 0, 0)
  assert.equal(seen, [])
  assert.equal(rig.received(), [
    ['started', ...ids],
    ['answers', ...ids],
  ])
})

test('a task that held the loop too long is told before its answer', () => {
  let duration = 50
  const rig = new Rig(() => rig.clock.advance(duration))
  const [inTime] = rig.run(0)
  assert.equal(rig.received().slice(1), [['answers', inTime]])
  duration = 51
  const [slow] = rig.run(0)
  assert.equal(rig.received().slice(1), [
    ['slow', slow],
    ['answers', slow],
  ])
})

/** What a value's accessor does that waits while another task comes, as the loop serves its ports meanwhile. */
function waitIn(rig: Rig, sent: number[]): object {
  return {
    get value() {
      if (sent.length > 0) return 0
      rig.clock.advance(50)
      sent.push(...rig.send(1))
      rig.loop.serve()
      return 0
    },
  }
}

test('what comes while an accessor of a value waits as that is posted is run, though nothing comes after it', () => {
  const sent: number[] = []
  const ran: number[] = []
  const rig = new Rig(index => {
    ran.push(index)
    return index === 0 ? waitIn(rig, sent) : 'done'
  })
  rig.run(0)
  assert.equal(ran, [0, 1])
  assert.ok(rig.startOf(sent[0]!) >= rig.clock.now())
})

test('what comes while an accessor waits as the value is searched for handles does not start before it came', () => {
  const sent: number[] = []
  const rig = new Rig(index => (index === 0 ? waitIn(rig, sent) : 'done'))
  noteHandle()
  // Before one that is not known to be fast it looks at the clock anyway.
  rig.run(1)
  rig.run(0)
  assert.ok(rig.startOf(sent[0]!) >= rig.clock.now())
})

test('how long each waited and ran is recorded', async () => {
  let end: () => void = () => {}
  const rig = new Rig(index => {
    rig.clock.advance(20)
    if (index === 0) return 'done'
    return new Promise<void>(resolve => {
      end = resolve
    })
  })
  rig.run(0, 0)
  assert.equal(
    [rig.waits, rig.runs],
    [
      [0, 20],
      [20, 20],
    ],
  )
  rig.run(1)
  rig.clock.advance(100)
  assert.is(rig.runs.length, 2)
  end()
  await Promise.resolve()
  await Promise.resolve()
  assert.equal(rig.runs, [20, 20, 120])
})

test('the timer of a grace goes with the task that was aborted', async () => {
  let end: () => void = () => {}
  const rig = new Rig(
    () =>
      new Promise<void>(resolve => {
        end = resolve
      }),
  )
  const [id] = rig.run(0)
  rig.loop.abort(0, id!, { value: 'not wanted' })
  assert.is(rig.clock.pending, 1)
  end()
  await Promise.resolve()
  await Promise.resolve()
  assert.is(rig.clock.pending, 0)
})

test.run()
