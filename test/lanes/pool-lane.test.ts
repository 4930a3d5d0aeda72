import { setImmediate as turn } from 'node:timers/promises'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeError } from '#src/bridge/error-codec.js'
import { Failure } from '#src/bridge/failure.js'
import { Epoch } from '#src/core/clock.js'
import { TaskCanceledError } from '#src/core/errors.js'
import { Reminders } from '#src/core/reminders.js'
import { Task, TaskExtras, type TaskObserver } from '#src/core/task.js'
import { TaskHistory } from '#src/core/task-history.js'
import { TASK_STATES } from '#src/core/task-state.js'
import { UnfinishedTasks } from '#src/core/unfinished.js'
import type { LocalTerms } from '#src/lanes/local-terms.js'
import { LocalWaits } from '#src/lanes/local-waits.js'
import { PoolLane } from '#src/lanes/pool-lane.js'
import type { SyncAnswer, SyncCall } from '#src/lanes/sync-call.js'
import { SyncCell } from '#src/lanes/sync-cell.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: a lane of pool threads')

/** What a thread of the pool would do with a call. */
class Sent {
  readonly cell: SyncCell
  answer: (answer: SyncAnswer) => void = () => {}
  /** What the pool says of a call that it gives up. */
  fail: (error: Error) => void = () => {}
  readonly answered: Promise<SyncAnswer>

  constructor({ cell }: SyncCall) {
    this.cell = new SyncCell(cell)
    this.answered = new Promise((resolve, reject) => {
      this.answer = resolve
      this.fail = reject
    })
  }
}

/** A lane whose threads and time belong to the test. */
class Rig {
  readonly clock = new ManualClock()
  readonly sent: Sent[] = []
  readonly lane: PoolLane
  readonly log: string[] = []
  readonly #unfinished: UnfinishedTasks

  constructor(terms: Partial<LocalTerms> = {}) {
    const { clock } = this
    const reminders = new Reminders<() => void>(clock, clock, call => call())
    this.#unfinished = new UnfinishedTasks(clock, reminders, 0, () => {})
    this.lane = new PoolLane(
      {
        name: 'pool',
        concurrency: 1,
        queueLimit: Number.POSITIVE_INFINITY,
        overload: 'reject',
        grace: 10,
        ...terms,
      },
      {
        clock,
        epoch: new Epoch(0, 0),
        reminders,
        history: new TaskHistory(10),
        unfinished: this.#unfinished,
        timings: { waited: () => {}, ran: () => {} },
        waits: new LocalWaits(reminders, () => this.lane),
        microtask: queueMicrotask,
        nextTurn: call => void setImmediate(call),
        startTimeout: 10_000,
        executor: {
          run: call => {
            const sent = new Sent(call)
            this.sent.push(sent)
            return sent.answered
          },
          whenLoaded: (_, call) => call(),
          exitOf: () => undefined,
        },
        died: () => {},
        report: () => {},
      },
    )
  }

  submit(name: string, options: Partial<TaskExtras> = {}): Task {
    const observer: TaskObserver = {
      accepted: () => {},
      started: () => this.log.push(`${name} started`),
      finished: ({ state }) => this.log.push(`${name} ${TASK_STATES[state]}`),
    }
    const extras = Object.assign(new TaskExtras(), { observer, reportStart: true }, options)
    const how = this.lane.admit(this.clock.now())
    const call = { module: 'data:', call: name, args: [] }
    const number = this.#unfinished.nextNumber()
    const task = new Task(
      { name, lane: 'pool', owner: null, index: 0, mean: 0 },
      number,
      call as never,
      0,
      null,
      extras,
    )
    this.lane.submit(task, how)
    return task
  }

  cancel(task: Task): boolean {
    return this.lane.cancel(
      task,
      Failure.later(() => new TaskCanceledError(task.target.name)),
    )
  }
}

test('whoever is told of an end was told of the start before', async () => {
  const rig = new Rig()
  const task = rig.submit('cancelled')
  await turn()
  // Nothing of this thread runs between the start and the cancel.
  rig.sent[0]!.cell.begin(1, 0)
  assert.is(rig.cancel(task), true)
  assert.equal(rig.log, ['cancelled started', 'cancelled CANCELED'])
  await turn()
  assert.is(rig.log.length, 2)
})

test('a cancel that tells of the start is too late if whoever is told of it cancels', async () => {
  const rig = new Rig()
  const inner: boolean[] = []
  const task = rig.submit('twice', {
    observer: {
      accepted: () => {},
      started: started => inner.push(rig.cancel(started)),
      finished: ({ state }) => rig.log.push(TASK_STATES[state]!),
    },
  })
  await turn()
  rig.sent[0]!.cell.begin(1, 0)
  assert.is(rig.cancel(task), false)
  assert.equal([inner, rig.log], [[true], ['CANCELED']])
})

test('what has failed when all is cancelled is not run again', async () => {
  const rig = new Rig()
  const task = rig.submit('fails', { retries: { limit: 5, delay: 0, maxDelay: 0 } })
  await turn()
  const [sent] = rig.sent
  sent!.cell.begin(1, 0)
  sent!.cell.end(0)
  rig.lane.cancelAll(name => new TaskCanceledError(name))
  sent!.answer({ error: encodeError(new RangeError('planted')) })
  await rig.lane.empty()
  await turn()
  assert.is(TASK_STATES[task.state], 'FAILED')
  assert.is(((task.payload as Failure).error() as Error).message, 'planted')
  assert.is(rig.sent.length, 1)
})

test('a thread that the pool has given up does not begin with what another one is to run', async () => {
  const rig = new Rig()
  const task = rig.submit('moved')
  await turn()
  const [lost] = rig.sent
  lost!.fail(new Error('planted'))
  await turn()
  const next = rig.sent[1]
  assert.ok(next !== undefined, 'it goes to another thread')
  // It is on its way out, and has only now come to the call.
  assert.is(lost!.cell.begin(1, 0), false)
  assert.is(next!.cell.begin(2, 0), true)
  next!.cell.end(0)
  next!.answer({ value: 'done' })
  await rig.lane.empty()
  assert.equal([task.payload, rig.sent.length], ['done', 2])
  assert.equal(rig.log, ['moved started', 'moved DONE'])
})

test('one whose thread died before it began can be dropped for others, as all that wait', async () => {
  const rig = new Rig({ queueLimit: 1, overload: 'drop-oldest' })
  const moved = rig.submit('moved')
  await turn()
  rig.submit('second')
  // Makes room for itself: the oldest of all has a thread, and is not looked at again.
  rig.submit('urgent', { priority: 1 })
  assert.equal(rig.log, ['second CANCELED'])
  rig.sent[0]!.fail(new Error('planted'))
  await turn()
  assert.is(rig.sent.length, 2)
  assert.equal([TASK_STATES[moved.state], rig.lane.waiting], ['SUBMITTED', 2])
  rig.submit('fourth')
  assert.is(TASK_STATES[moved.state], 'CANCELED')
})

test.run()
