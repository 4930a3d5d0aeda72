// @time-limit 180s
import { suite } from 'uvu'
import { Dispatch } from '#src/bridge/dispatch.js'
import { LaneLink } from '#src/bridge/lane-link.js'
import { LaneSender } from '#src/bridge/lane-sender.js'
import { LaneSight } from '#src/bridge/lane-sight.js'
import { LostThreads } from '#src/bridge/lost-threads.js'
import { Sender } from '#src/bridge/sender.js'
import { Settlement } from '#src/bridge/settlement.js'
import { FLOAT, INT, LIMIT, RECALLED, TableView, type TaskTable } from '#src/bridge/shared-table.js'
import { TaskInlet } from '#src/bridge/task-inlet.js'
import { Admission } from '#src/core/admission.js'
import { Backlog } from '#src/core/backlog.js'
import { Endings } from '#src/core/endings.js'
import { KeyTurns } from '#src/core/key-turns.js'
import { Retries } from '#src/core/retries.js'
import { ExpiryWatch } from '#src/lanes/expiry-watch.js'
import { LaneThread } from '#src/lanes/lane-thread.js'
import { SupervisedLane } from '#src/lanes/supervised-lane.js'
import { oneOf, Planting } from './planting.js'
import { SimPool } from './sim-pool.js'
import { SimPort } from './sim-port.js'

const test = suite('simulation: planted bugs')
const planting = new Planting(test)

/** Whether a connection to a thread ends here. */
function isEndOfSender({ actor }: SimPort): boolean {
  return actor.name === 'main' || actor.name.startsWith('sender')
}

planting.finds('a lost credit', 'credits', LaneLink.prototype, 'answered', right => {
  const now = oneOf(20)
  return function (this: LaneLink, id, wasTakenBack) {
    right.call(this, id, wasTakenBack)
    if (now()) this.outstanding++
  }
})

planting.finds('a task taken back that still counts', 'credits', LaneLink.prototype, 'answered', right => {
  return function (this: LaneLink, id) {
    right.call(this, id, false)
  }
})

planting.finds('a double settle', 'settled-once', Endings.prototype, 'end', right => {
  const now = oneOf(30)
  return function (this: Endings, task, state, outcome, at) {
    const { resolve } = task
    right.call(this, task, state, outcome, at)
    if (now()) resolve?.(outcome, task)
  }
})

planting.finds('an end that is not told', 'settled-once', Endings.prototype, 'end', right => {
  const now = oneOf(30)
  return function (this: Endings, task, state, outcome, at) {
    if (now()) task.resolve = null
    right.call(this, task, state, outcome, at)
  }
})

planting.finds('a missed close', 'close', SimPort.prototype, 'listen', right => {
  return function (this: SimPort, onMessage) {
    right.call(this, onMessage, () => {})
  }
})

planting.finds('a close() that never ends', 'close', Sender.prototype, 'idle', right => {
  return function (this: Sender, within) {
    return within === undefined ? right.call(this) : new Promise(() => {})
  }
})

planting.finds('a drain() that never ends', 'waits', Sender.prototype, 'idle', right => {
  return function (this: Sender, within) {
    return within === undefined ? new Promise(() => {}) : right.call(this, within)
  }
})

planting.finds(
  'a drain() that ends too soon',
  'waits',
  Sender.prototype,
  'idle',
  () => () => Promise.resolve(),
)

planting.finds(
  'a port that closes, and nobody minds',
  ['close', 'hung', 'slots', 'retirements', 'handles'],
  LaneThread.prototype,
  'linkLost',
  () => () => {},
)

planting.finds(
  'an exit that nobody is told of',
  ['slots', 'hung'],
  LostThreads.prototype,
  'exited',
  right => {
    const now = oneOf(3)
    return function (this: LostThreads, thread) {
      if (!now()) right.call(this, thread)
    }
  },
)

planting.finds(
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

planting.finds(
  'a slot reused before its thread has exited',
  'slots',
  LostThreads.prototype,
  'recover',
  right => {
    return function (this: LostThreads, thread, error, blamed) {
      right.call(this, thread, error, blamed)
      this.exited(thread)
    }
  },
)

planting.finds(
  'a batch lost on its way',
  ['slots', 'hung', 'retirements'],
  SimPort.prototype,
  'post',
  right => {
    const now = oneOf(20)
    return function (this: SimPort, message, transfer) {
      const lost = Array.isArray(message) && isEndOfSender(this) && now()
      if (!lost) right.call(this, message, transfer)
    }
  },
)

planting.finds(
  'tasks that nobody thinks of sending',
  ['forgotten', 'hung'],
  Dispatch.prototype,
  'flush',
  right => {
    const now = oneOf(3)
    return function (this: Dispatch) {
      if (!now()) right.call(this)
    }
  },
)

planting.finds(
  'a flush that does not look at the room once more',
  'forgotten',
  LaneLink.prototype,
  'askForRoom',
  () => {
    return () => false
  },
)

planting.finds('answers that are kept', 'forgotten', TaskInlet.prototype, 'flush', right => {
  const now = oneOf(10)
  return function (this: TaskInlet) {
    if (!now()) right.call(this)
  }
})

planting.finds('a task that is in no queue', 'hung', Backlog.prototype, 'putBack', right => {
  const now = oneOf(5)
  return function (this: Backlog, task) {
    if (!now()) right.call(this, task)
  }
})

planting.finds('a task run twice after a death', 'run-twice', Retries.prototype, 'afterDeath', right => {
  return function (this: Retries, task) {
    task.rareOptions().idempotent = true
    return right.call(this, task)
  }
})

planting.finds('a task that runs unclaimed', 'state', TaskInlet.prototype, 'claim', () => {
  return function (this: TaskInlet, job, now) {
    job.started = now
    return true
  }
})

planting.finds('two tasks of a key at a time', 'key-turns', KeyTurns.prototype, 'isOpenTo', () => () => true)

planting.finds(
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

planting.finds('a delay that does not last', 'times', Backlog.prototype, 'add', right => {
  return function (this: Backlog, task) {
    if (task.extras !== null) task.extras.notBefore = 0
    right.call(this, task)
  }
})

planting.finds(
  'a pause before the next attempt that does not last',
  'times',
  Backlog.prototype,
  'delay',
  right => {
    return function (this: Backlog, task, until) {
      right.call(this, task, until === Number.POSITIVE_INFINITY ? until : 0)
    }
  },
)

planting.finds('a limit that is over too soon', ['times', 'sight'], TableView.prototype, 'float', right => {
  return function (this: TableView, id, field) {
    return right.call(this, id, field) - (field === FLOAT.RUN_EXPIRES ? 5 : 0)
  }
})

planting.finds(
  'a limit forgotten for an earlier one of another thread',
  'times',
  ExpiryWatch.prototype,
  'announce',
  right => {
    return function (this: ExpiryWatch, at) {
      right.call(this, at, 'whoever was the last')
    }
  },
)

planting.finds(
  'a start that is told of a task that was not claimed',
  ['state', 'sight', 'handles'],
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

planting.finds(
  'a start that is answered too soon',
  ['waits', 'state'],
  LaneSight.prototype,
  'reportStart',
  right => {
    return function (this: LaneSight, task) {
      right.call(this, task)
      task.extras?.observer?.started(task)
    }
  },
)

planting.finds('an end that is counted twice', 'counts', Endings.prototype, 'end', right => {
  const now = oneOf(30)
  return function (this: Endings, task, state, outcome, at) {
    right.call(this, task, state, outcome, at)
    if (now()) this.counts[state]!++
  }
})

planting.finds('a task that shows as begun before it is', 'sight', LaneSight.prototype, 'recordOf', right => {
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

planting.finds('a lane that grows beyond its most', 'threads', SupervisedLane.prototype, 'grow', right => {
  return function (this: SupervisedLane) {
    const { config } = this
    const threads = { ...config.threads, max: config.threads.max + 1 }
    Object.assign(this, { config: { ...config, threads } })
    right.call(this)
    Object.assign(this, { config })
  }
})

planting.finds('a thread that runs one task too many', 'concurrency', SimPool.prototype, 'lease', right => {
  return function (this: SimPool, terms, signal) {
    const { config } = terms
    return right.call(this, { ...terms, config: { ...config, concurrency: config.concurrency + 1 } }, signal)
  }
})

planting.finds('a queue that takes too many', 'queue-limit', Admission.prototype, 'ask', () => () => 'accept')

planting.finds('a start that is told twice', 'callback-order', Settlement.prototype, 'noteStart', right => {
  return function (this: Settlement, task, id) {
    if (task.extras !== null) task.extras.startReported = false
    right.call(this, task, id)
  }
})

planting.finds(
  'a task that is answered twice',
  'answered-once',
  TaskInlet.prototype,
  'acknowledge',
  right => {
    return function (this: TaskInlet, job) {
      right.call(this, job)
      right.call(this, job)
    }
  },
)

planting.finds(
  'a cancel that claims what it did not do',
  'outcome',
  LaneSender.prototype,
  'cancel',
  right => {
    return function (this: LaneSender, task, failure, reason) {
      right.call(this, task, failure, reason)
      return true
    }
  },
)

planting.finds(
  'a batch that comes twice',
  ['strays', 'answered-once', 'slots'],
  SimPort.prototype,
  'post',
  right => {
    const now = oneOf(30)
    return function (this: SimPort, message, transfer) {
      right.call(this, message, transfer)
      if (isEndOfSender(this) && Array.isArray(message) && transfer === undefined && now())
        right.call(this, message)
    }
  },
)

planting.finds('a message that makes no sense', 'strays', SimPort.prototype, 'deliver', right => {
  const now = oneOf(50)
  return function (this: SimPort) {
    right.call(this)
    if (isEndOfSender(this) && now()) this.peer.post({ type: 'nonsense' })
  }
})

test.run()
