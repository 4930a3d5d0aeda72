// @time-limit 180s
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Dispatch } from '#src/bridge/dispatch.js'
import { Job } from '#src/bridge/job.js'
import { LaneLink } from '#src/bridge/lane-link.js'
import { LaneSender } from '#src/bridge/lane-sender.js'
import { LaneSight } from '#src/bridge/lane-sight.js'
import { LostThreads } from '#src/bridge/lost-threads.js'
import { Sender } from '#src/bridge/sender.js'
import { Settlement } from '#src/bridge/settlement.js'
import { FLOAT, INT, LIMIT, RECALLED, TableView, type TaskTable } from '#src/bridge/shared-table.js'
import { TaskInlet } from '#src/bridge/task-inlet.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { Admission } from '#src/core/admission.js'
import { Backlog } from '#src/core/backlog.js'
import { Endings } from '#src/core/endings.js'
import { KeyTurns } from '#src/core/key-turns.js'
import { Retries } from '#src/core/retries.js'
import { LaneThread } from '#src/lanes/lane-thread.js'
import { Retirements } from '#src/lanes/retirements.js'
import { RunLoop } from '#src/lanes/run-loop.js'
import { Senders } from '#src/lanes/senders.js'
import { SupervisedLane } from '#src/lanes/supervised-lane.js'
import { SimPool } from './sim-pool.js'
import { SimPort } from './sim-port.js'
import { runSeed } from './sim-workload.js'
import { type Detector, Violation } from './violation.js'

const test = suite('simulation: planted bugs')

/** One of so many seeds must find a planted bug. */
const SEEDS = 2_000

Error.stackTraceLimit = 0
// A detector may speak up within a promise that nobody awaits: the run ends with what it said all the same.
process.on('unhandledRejection', () => {})

/**
 * Puts a bug in the place of a method, and sees to it that the simulation finds it.
 *
 * @param detectors one of these is to speak up first: which, of those that watch what goes wrong, is a matter of order
 * @param plant makes the wrong method of the right one
 */
function finds<T extends object, K extends keyof T>(
  what: string,
  detectors: Detector | readonly Detector[],
  within: T,
  method: K,
  plant: (right: T[K]) => T[K],
): void {
  const { value } = Object.getOwnPropertyDescriptor(within, method)!
  findsProperty(what, detectors, within, method, { value: plant(value), writable: true })
}

/** As `finds`, for what is no method. */
function findsProperty<T extends object, K extends keyof T>(
  what: string,
  detectors: Detector | readonly Detector[],
  within: T,
  property: K,
  planted: PropertyDescriptor,
): void {
  test(`${what} is found by the detector '${detectors}'`, async () => {
    const right = Object.getOwnPropertyDescriptor(within, property)!
    Object.defineProperty(within, property, { ...planted, configurable: true })
    try {
      const { detector } = await firstFailure()
      assert.ok([detectors].flat().includes(detector), `it was found by '${detector}'`)
    } finally {
      Object.defineProperty(within, property, right)
    }
  })
}

async function firstFailure(): Promise<Violation> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      await runSeed(seed)
    } catch (error) {
      assert.instance(error, Violation, String(error))
      const { message } = error as Violation
      assert.match(message, new RegExp(`^seed ${seed}, step [0-9]+, detector `))
      console.log(`  ${message.slice(0, 160)}`)
      return error as Violation
    }
  }
  throw new Error(`not found within ${SEEDS} seeds`)
}

/** Whether a connection to a thread ends here. */
function isEndOfSender({ actor }: SimPort): boolean {
  return actor.name === 'main' || actor.name.startsWith('sender')
}

/** True for one of so many calls. */
function oneOf(count: number): () => boolean {
  let calls = 0
  return () => ++calls % count === 0
}

finds('a lost credit', 'credits', LaneLink.prototype, 'answered', right => {
  const now = oneOf(20)
  return function (this: LaneLink, id, wasTakenBack) {
    right.call(this, id, wasTakenBack)
    if (now()) this.outstanding++
  }
})

finds('a task taken back that still counts', 'credits', LaneLink.prototype, 'answered', right => {
  return function (this: LaneLink, id) {
    right.call(this, id, false)
  }
})

finds('a double settle', 'settled-once', Endings.prototype, 'end', right => {
  const now = oneOf(30)
  return function (this: Endings, task, state, outcome, at) {
    const { resolve } = task
    right.call(this, task, state, outcome, at)
    if (now()) resolve?.(outcome, task)
  }
})

finds('an end that is not told', 'settled-once', Endings.prototype, 'end', right => {
  const now = oneOf(30)
  return function (this: Endings, task, state, outcome, at) {
    if (now()) task.resolve = null
    right.call(this, task, state, outcome, at)
  }
})

finds('a missed close', 'close', SimPort.prototype, 'listen', right => {
  return function (this: SimPort, onMessage) {
    right.call(this, onMessage, () => {})
  }
})

finds('a close() that never ends', 'close', Sender.prototype, 'idle', right => {
  return function (this: Sender, within) {
    return within === undefined ? right.call(this) : new Promise(() => {})
  }
})

finds('a drain() that never ends', 'waits', Sender.prototype, 'idle', right => {
  return function (this: Sender, within) {
    return within === undefined ? new Promise(() => {}) : right.call(this, within)
  }
})

finds('a drain() that ends too soon', 'waits', Sender.prototype, 'idle', () => () => Promise.resolve())

finds(
  'a port that closes, and nobody minds',
  ['close', 'hung', 'slots'],
  LaneThread.prototype,
  'linkLost',
  () => () => {},
)

finds('an exit that nobody is told of', ['slots', 'hung'], LaneSender.prototype, 'exited', right => {
  const now = oneOf(3)
  return function (this: LaneSender, thread) {
    if (!now()) right.call(this, thread)
  }
})

finds(
  'a slot reused as soon as its task is taken back',
  ['slots', 'credits', 'state'],
  TableView.prototype,
  'exchange',
  right => {
    return function (this: TableView, id, from, to) {
      const won = right.call(this, id, from, to)
      if (won && to === RECALLED) (this as TaskTable).free(id)
      return won
    }
  },
)

finds('a slot reused before its thread has exited', 'slots', LostThreads.prototype, 'recover', right => {
  return function (this: LostThreads, thread, error, blamed) {
    right.call(this, thread, error, blamed)
    this.exited(thread)
  }
})

finds('a batch lost on its way', ['slots', 'hung', 'retirements'], SimPort.prototype, 'post', right => {
  const now = oneOf(20)
  return function (this: SimPort, message, transfer) {
    const lost = Array.isArray(message) && isEndOfSender(this) && now()
    if (!lost) right.call(this, message, transfer)
  }
})

finds('tasks that nobody thinks of sending', ['forgotten', 'hung'], Dispatch.prototype, 'flush', right => {
  const now = oneOf(3)
  return function (this: Dispatch) {
    if (!now()) right.call(this)
  }
})

finds(
  'a flush that does not look at the room once more',
  'forgotten',
  LaneLink.prototype,
  'askForRoom',
  () => {
    return () => false
  },
)

finds('answers that are kept', 'forgotten', TaskInlet.prototype, 'flush', right => {
  const now = oneOf(10)
  return function (this: TaskInlet) {
    if (!now()) right.call(this)
  }
})

finds('a task that is in no queue', 'queue-limit', Backlog.prototype, 'putBack', right => {
  const now = oneOf(5)
  return function (this: Backlog, task) {
    if (!now()) right.call(this, task)
  }
})

finds('a task run twice after a death', 'run-twice', Retries.prototype, 'afterDeath', right => {
  return function (this: Retries, task) {
    task.rareOptions().idempotent = true
    return right.call(this, task)
  }
})

finds('a task that runs unclaimed', 'state', TaskInlet.prototype, 'claim', () => {
  return function (this: TaskInlet, job, now) {
    job.started = now
    return true
  }
})

finds('two tasks of a key at a time', 'key-turns', KeyTurns.prototype, 'isOpenTo', () => () => true)

finds(
  'a task that runs again beside its own lost attempt',
  'key-turns',
  Backlog.prototype,
  'delay',
  right => {
    return function (this: Backlog, task, until) {
      right.call(this, task, until)
      if (until !== Number.POSITIVE_INFINITY) return
      task.extras!.lingersIn = 0
      this.resume(task)
    }
  },
)

finds('a delay that does not last', 'times', Backlog.prototype, 'add', right => {
  return function (this: Backlog, task) {
    if (task.extras !== null) task.extras.notBefore = 0
    right.call(this, task)
  }
})

finds('a pause before the next attempt that does not last', 'times', Backlog.prototype, 'delay', right => {
  return function (this: Backlog, task, until) {
    right.call(this, task, until === Number.POSITIVE_INFINITY ? until : 0)
  }
})

finds('a limit that is over too soon', ['times', 'sight'], TableView.prototype, 'float', right => {
  return function (this: TableView, id, field) {
    return right.call(this, id, field) - (field === FLOAT.RUN_EXPIRES ? 5 : 0)
  }
})

finds(
  'a start that is told of a task that was not claimed',
  ['state', 'sight'],
  TaskInlet.prototype,
  'claim',
  right => {
    return function (this: TaskInlet, job, now) {
      const isClaimed = right.call(this, job, now)
      if (!isClaimed) this.table.setInt(job.id, INT.LIMIT, LIMIT.TIMEOUT)
      if (!isClaimed) this.table.setFloat(job.id, FLOAT.STARTED, now)
      return isClaimed
    }
  },
)

finds('a start that is answered too soon', ['waits', 'state'], LaneSight.prototype, 'reportStart', right => {
  return function (this: LaneSight, task) {
    right.call(this, task)
    task.extras?.observer?.started(task)
  }
})

finds('an end that is counted twice', 'counts', Endings.prototype, 'end', right => {
  const now = oneOf(30)
  return function (this: Endings, task, state, outcome, at) {
    right.call(this, task, state, outcome, at)
    if (now()) this.counts[state]!++
  }
})

finds('a task that shows as begun before it is', 'sight', LaneSight.prototype, 'recordOf', right => {
  return function (this: LaneSight, task) {
    const {
      target,
      sequence,
      state,
      submitted,
      started = submitted,
      ended,
      attempt,
      priority,
    } = right.call(this, task)
    return { target, sequence, state, submitted, started, ended, attempt, priority }
  }
})

finds('a lane that grows beyond its most', 'threads', SupervisedLane.prototype, 'grow', right => {
  return function (this: SupervisedLane) {
    const { config } = this
    const threads = { ...config.threads, max: config.threads.max + 1 }
    Object.assign(this, { config: { ...config, threads } })
    right.call(this)
    Object.assign(this, { config })
  }
})

finds('a thread that runs one task too many', 'concurrency', SimPool.prototype, 'lease', right => {
  return function (this: SimPool, terms, signal) {
    const { config } = terms
    return right.call(this, { ...terms, config: { ...config, concurrency: config.concurrency + 1 } }, signal)
  }
})

finds('a queue that takes too many', 'queue-limit', Admission.prototype, 'ask', () => () => 'accept')

finds('a start that is told twice', 'callback-order', Settlement.prototype, 'noteStart', right => {
  return function (this: Settlement, task, id) {
    if (task.extras !== null) task.extras.startReported = false
    right.call(this, task, id)
  }
})

finds('a task that is answered twice', 'answered-once', TaskInlet.prototype, 'acknowledge', right => {
  return function (this: TaskInlet, job) {
    right.call(this, job)
    right.call(this, job)
  }
})

finds('a cancel that claims what it did not do', 'outcome', LaneSender.prototype, 'cancel', right => {
  return function (this: LaneSender, task, failure, reason) {
    right.call(this, task, failure, reason)
    return true
  }
})

finds('a batch that comes twice', ['strays', 'answered-once', 'slots'], SimPort.prototype, 'post', right => {
  const now = oneOf(30)
  return function (this: SimPort, message, transfer) {
    right.call(this, message, transfer)
    if (isEndOfSender(this) && Array.isArray(message) && transfer === undefined && now())
      right.call(this, message)
  }
})

finds('a message that makes no sense', 'strays', SimPort.prototype, 'deliver', right => {
  const now = oneOf(50)
  return function (this: SimPort) {
    right.call(this)
    if (isEndOfSender(this) && now()) this.peer.post({ type: 'nonsense' })
  }
})

finds('a wait that gives no place back', ['hung', 'forgotten'], Job.prototype, 'beginWait', () => () => {})

finds('a wait that never ends', 'concurrency', Job.prototype, 'endWait', () => () => {})

finds('room that waiting tasks take', 'hung', LaneLink.prototype, 'room', right => {
  return function (this: LaneLink, concurrency) {
    return right.call(this, concurrency) - this.block.waiting
  }
})

finds('orphans that go on', ['orphans', 'retirements'], Senders.prototype, 'remove', right => {
  return function (this: Senders, number) {
    right.call(this, number)
    return undefined
  }
})

finds(
  'retirements that wait for the dead',
  'retirements',
  Retirements.prototype,
  'senderGone',
  () => () => {},
)

finds('threads that are not told to those who asked', 'hung', Senders.prototype, 'of', right => {
  return function* (this: Senders, lane) {
    for (const sender of right.call(this, lane)) if (sender[1].isOwner) yield sender
  }
})

finds('an end that lane threads are not told of', 'close', Senders.prototype, 'tellLanes', () => () => {})

finds('an end that those are not told of who come later', 'close', Senders.prototype, 'tell', right => {
  return function (this: Senders, number, message) {
    if (message.type !== 'closing') right.call(this, number, message)
  }
})

finds('a task that begins after the teardown', 'close', RunLoop.prototype, 'end', () => () => {})

findsProperty(
  'a thread taken to be idle that waits for what it has submitted',
  'idle',
  ThreadBlock.prototype,
  'isSending',
  { get: () => false, set: () => {} },
)

test.run()
