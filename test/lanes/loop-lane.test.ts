import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Failure } from '#src/bridge/failure.js'
import { Epoch } from '#src/core/clock.js'
import { TaskCanceledError, TaskTimeoutError } from '#src/core/errors.js'
import { Reminders } from '#src/core/reminders.js'
import { Task, TaskExtras, UnheldTask } from '#src/core/task.js'
import { TaskHistory } from '#src/core/task-history.js'
import { TASK_STATES } from '#src/core/task-state.js'
import { UnfinishedTasks } from '#src/core/unfinished.js'
import { LocalWaits } from '#src/lanes/local-waits.js'
import { LoopLane, type LoopTerms } from '#src/lanes/loop-lane.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('lanes: a lane on the loop of its submitter')

type Body = (lane: Rig) => unknown

/** A lane whose time and turns belong to the test. */
class Rig {
  readonly clock = new ManualClock()
  readonly log: string[] = []
  readonly slow: string[] = []
  readonly unfinished: UnfinishedTasks
  readonly lane: LoopLane
  readonly #jobs: (() => void)[] = []
  readonly #turns: (() => void)[] = []

  constructor(terms: Partial<LoopTerms> = {}) {
    const { clock } = this
    const reminders = new Reminders<() => void>(clock, clock, call => call())
    this.unfinished = new UnfinishedTasks(clock, reminders, 0, () => {})
    this.lane = new LoopLane(
      {
        name: 'loop',
        concurrency: 2,
        queueLimit: Number.POSITIVE_INFINITY,
        overload: 'reject',
        grace: 10,
        slowCallback: 50,
        ...terms,
      },
      {
        clock,
        epoch: new Epoch(0, 0),
        reminders,
        history: new TaskHistory(10),
        unfinished: this.unfinished,
        timings: { waited: () => {}, ran: () => {} },
        waits: new LocalWaits(reminders, () => this.lane),
        microtask: call => this.#jobs.push(call),
        nextTurn: call => this.#turns.push(call),
        invoke: run => {
          this.log.push(run.task.target.name)
          return (run.task.payload as Body)(this)
        },
        slow: (task, held) => this.slow.push(`${task.target.name} ${held}`),
      },
    )
  }

  submit(name: string, body: Body, options: Partial<TaskExtras> = {}, Kind = Task): Task {
    const extras = Object.assign(new TaskExtras(), options)
    const target = { name, lane: 'loop', owner: null, index: 0, mean: 0 }
    const how = this.lane.admit(this.clock.now())
    const number = this.unfinished.nextNumber()
    const task = new Kind(target, number, body as never, this.clock.now(), null, extras)
    this.lane.submit(task, how)
    return task
  }

  /** Time goes by, with the loop free. */
  async pass(by: number): Promise<void> {
    this.clock.advance(by)
    while (this.clock.pending > 0 && this.clock.next <= this.clock.now()) this.clock.fireNext()
    await this.turn()
  }

  /** Runs what is queued as microtasks, then those of the promises. */
  async microtasks(): Promise<void> {
    for (let round = 0; round < 5; round++) {
      for (const job of this.#jobs.splice(0)) job()
      await Promise.resolve()
    }
  }

  /** How many timers, microtasks and turns the lane waits for. */
  get pending(): number {
    return this.clock.pending + this.#jobs.length + this.#turns.length
  }

  async turn(): Promise<void> {
    for (const call of this.#turns.splice(0)) call()
    await this.microtasks()
  }
}

function stateOf(task: Task): string {
  return TASK_STATES[task.state]!
}

test('nothing runs within submit; greater priority goes first, then arrival', async () => {
  const rig = new Rig()
  const tasks = [
    rig.submit('a', () => 1),
    rig.submit('b', () => 2, { priority: 5 }),
    rig.submit('c', () => 3),
  ]
  assert.equal(rig.log, [])
  assert.equal(tasks.map(stateOf), ['SUBMITTED', 'SUBMITTED', 'SUBMITTED'])
  await rig.microtasks()
  assert.equal(rig.log, ['b', 'a', 'c'])
  assert.equal(
    tasks.map(task => task.payload),
    [1, 2, 3],
  )
  assert.is(rig.unfinished.count, 0)
})

test('no more run at a time than there are places, and one that ends makes room', async () => {
  const rig = new Rig()
  const ends: (() => void)[] = []
  const waits: Body = () => new Promise<void>(resolve => ends.push(resolve))
  for (const name of ['a', 'b', 'c']) rig.submit(name, waits)
  await rig.microtasks()
  assert.equal(rig.log, ['a', 'b'])
  assert.equal([rig.lane.running, rig.lane.waiting], [2, 1])
  ends[1]!()
  await rig.microtasks()
  assert.equal(rig.log, ['a', 'b', 'c'])
})

test('after its slice of a turn the work goes on in the next, and what has come meanwhile and is urgent goes first', async () => {
  const rig = new Rig()
  const slow: Body = ({ clock }) => clock.advance(1.5)
  for (let i = 0; i < 4; i++) rig.submit(`bulk ${i}`, slow)
  await rig.microtasks()
  assert.equal(rig.log, ['bulk 0', 'bulk 1'])
  rig.submit('urgent', () => {}, { priority: 1 })
  await rig.microtasks()
  assert.is(rig.log.length, 2, 'not before the loop has turned')
  await rig.turn()
  assert.equal(rig.log.slice(2), ['urgent', 'bulk 2', 'bulk 3'])
})

test('completions that follow each other in microtasks do not keep the loop from turning', async () => {
  const rig = new Rig({ concurrency: 1 })
  const async: Body = async ({ clock }) => clock.advance(0.5)
  for (let i = 0; i < 20; i++) rig.submit(`${i}`, async)
  for (let i = 0; i < 20; i++) await rig.microtasks()
  assert.ok(rig.log.length <= 6, `${rig.log.length}`)
  for (let i = 0; i < 20; i++) await rig.turn()
  assert.is(rig.log.length, 20)
})

test('a cancelled task is CANCELED at once; it keeps its place until it ends or its grace is over', async () => {
  const rig = new Rig({ concurrency: 1 })
  const deaf = rig.submit('deaf', () => new Promise(() => {}))
  const next = rig.submit('next', () => 'value')
  await rig.microtasks()
  const failure = Failure.of(new TaskCanceledError('deaf'))
  assert.equal([rig.lane.cancel(deaf, failure), rig.lane.cancel(deaf, failure)], [true, false])
  assert.equal([deaf, next].map(stateOf), ['CANCELED', 'SUBMITTED'])
  await rig.pass(9)
  assert.is(stateOf(next), 'SUBMITTED')
  await rig.pass(1)
  assert.is(stateOf(next), 'DONE')
  assert.is(rig.lane.abandoned, 1)
})

test('a task that holds the loop past its timeout is TIMED_OUT at its limit, whatever it returns', async () => {
  const rig = new Rig()
  const seen: boolean[] = []
  const task = rig.submit(
    'late',
    ({ clock, lane }) => {
      const [own] = [...lane.sent()]
      clock.advance(80)
      seen.push(own === task)
      return 'too late'
    },
    { timeout: 20 },
  )
  await rig.microtasks()
  assert.equal(seen, [true])
  assert.is(stateOf(task), 'TIMED_OUT')
  assert.is(task.ended! - task.started!, 20)
  assert.instance((task.payload as Failure).error(), TaskTimeoutError)
  assert.equal(rig.slow, ['late 80'])
})

test('tasks of one key follow each other, also when one fails and is run again', async () => {
  const rig = new Rig()
  let failures = 0
  const fails: Body = () => {
    if (failures++ < 2) throw new RangeError('planted')
  }
  const retries = { limit: 2, delay: 5, maxDelay: 100 }
  const first = rig.submit('first', fails, { key: 'k', retries })
  const second = rig.submit('second', () => {}, { key: 'k' })
  await rig.microtasks()
  assert.equal(rig.log, ['first'])
  await rig.pass(5)
  await rig.pass(10)
  assert.equal(rig.log, ['first', 'first', 'first', 'second'])
  assert.equal([first, second].map(stateOf), ['DONE', 'DONE'])
  assert.is(first.attempt, 3)
})

test('what is thrown and is no Error becomes one', async () => {
  const rig = new Rig()
  const task = rig.submit('throws', () => {
    throw 'text'
  })
  await rig.microtasks()
  const error = (task.payload as Failure).error() as { code: string; value: unknown }
  assert.equal([error.code, error.value], ['ERR_TASK_THREW', 'text'])
})

test('the time that whoever is told takes is not that of the next', async () => {
  const rig = new Rig()
  const begun = rig.clock.now()
  const observer = { accepted: () => {}, started: () => {}, finished: () => rig.clock.advance(60) }
  rig.submit('told', () => 1, { observer })
  const next = rig.submit('next', () => 2, { timeout: 50 })
  await rig.microtasks()
  await rig.turn()
  assert.equal([stateOf(next), next.started, rig.slow], ['DONE', begun + 60, []])

  rig.submit('late', () => 3, { observer, waitUntil: begun + 61, priority: 1 })
  const after = rig.submit('after', () => 4)
  rig.clock.advance(5)
  await rig.microtasks()
  await rig.turn()
  assert.equal([stateOf(after), after.started, rig.slow], ['DONE', begun + 125, []])
})

test('the time that whoever is told of a start takes is not that of the task', async () => {
  const rig = new Rig()
  const seen: (number | undefined)[] = []
  const observer = {
    accepted: () => {},
    started: (told: Task) => {
      seen.push(rig.lane.sight.recordOf(told).started)
      rig.clock.advance(60)
    },
    finished: () => {},
  }
  const begun = rig.clock.now()
  const task = rig.submit('told', ({ clock }) => void clock.advance(5), { observer, timeout: 30 })
  await rig.microtasks()
  assert.equal([stateOf(task), rig.slow], ['DONE', []])
  assert.equal([seen, task.started, task.ended], [[begun], begun + 60, begun + 65])

  const late = rig.submit('late', () => new Promise(() => {}), { observer, timeout: 30 })
  await rig.turn()
  await rig.pass(29)
  assert.is(stateOf(late), 'STARTED')
  await rig.pass(1)
  assert.equal([stateOf(late), late.ended! - late.started!], ['TIMED_OUT', 30])
})

test('what waits for room has it when the time of all before it is over', async () => {
  const rig = new Rig({ concurrency: 1, queueLimit: 1, overload: 'wait' })
  const tasks = [
    rig.submit('late', () => 1, { waitUntil: 5 }),
    rig.submit('held', () => 2),
    rig.submit('held as well', () => 3),
  ]
  // The loop was not free: no timer has told.
  rig.clock.advance(6)
  await rig.turn()
  await rig.turn()
  assert.equal(tasks.map(stateOf), ['TIMED_OUT', 'DONE', 'DONE'])
})

const REVOKED = Proxy.revocable({}, {})
REVOKED.revoke()

function planted(): never {
  throw new Error('planted')
}

const HOSTILE: Readonly<Record<string, () => unknown>> = {
  'returns what has a `then` that cannot be read': () => Object.defineProperty({}, 'then', { get: planted }),
  'returns a proxy that cannot be looked at': () => REVOKED.proxy,
  'returns a promise of a constructor that cannot be read': () =>
    Object.defineProperty(Promise.resolve(), 'constructor', { get: planted }),
  'throws a proxy that cannot be looked at': () => {
    throw REVOKED.proxy
  },
  'rejects with it': () => Promise.reject(REVOKED.proxy),
  'throws an error whose code cannot be read': () => {
    throw Object.defineProperty(new Error('planted'), 'code', { get: planted })
  },
}

for (const [what, body] of Object.entries(HOSTILE)) {
  test(`one that ${what} fails, and the next runs`, async () => {
    const rig = new Rig({ concurrency: 1 })
    const tasks = [rig.submit('hostile', body), rig.submit('next', () => 1)]
    await rig.microtasks()
    await rig.pass(1)
    assert.equal(tasks.map(stateOf), ['FAILED', 'DONE'])
    assert.is(rig.unfinished.count, 0)
  })
}

test('one that nobody has a handle of is seen with its instants for as long as it goes on', async () => {
  const rig = new Rig()
  const task = rig.submit(
    'endless',
    ({ clock }) => {
      clock.advance(3)
      return new Promise(() => {})
    },
    {},
    UnheldTask,
  )
  await rig.microtasks()
  const [seen] = rig.lane.sent()
  assert.equal([seen!.started, seen!.ended], [1000, undefined])
  rig.lane.cancel(task, Failure.of(new TaskCanceledError('endless')))
  assert.equal([stateOf(task), task.started, task.ended], ['CANCELED', 1000, 1003])
})

test('a promise is awaited as `await` does, whatever `then` it has been given', async () => {
  const rig = new Rig()
  // biome-ignore lint/suspicious/noThenProperty: what is tested.
  const task = rig.submit('odd', () => Object.assign(Promise.resolve(5), { then: () => {} }))
  await rig.microtasks()
  assert.equal([stateOf(task), task.payload], ['DONE', 5])
})

test('a function with a `then` is awaited, as by `await`', async () => {
  const rig = new Rig()
  const thenable = (value: unknown) =>
    // biome-ignore lint/suspicious/noThenProperty: what is tested.
    Object.assign(() => {}, { then: (fulfil: (value: unknown) => void) => fulfil(value) })
  const task = rig.submit('odd', () => thenable(5))
  const plain = () => 6
  const returns = rig.submit('function', () => plain)
  await rig.microtasks()
  assert.equal([stateOf(task), task.payload, returns.payload], ['DONE', 5, plain])
})

test('while a task waits for something and the queue is empty, nothing is pending', async () => {
  const rig = new Rig()
  let end = (): void => {}
  rig.submit('waits', () => new Promise<void>(resolve => (end = resolve)))
  await rig.microtasks()
  await rig.turn()
  assert.equal([rig.lane.running, rig.pending], [1, 0])
  end()
  await rig.microtasks()
  await rig.turn()
  assert.equal([rig.lane.running, rig.pending], [0, 0])
})

test.run()
