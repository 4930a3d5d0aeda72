import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type ImportContext, Imports } from '#src/bridge/imports.js'
import type { SentHandle } from '#src/bridge/lending.js'
import type { SenderToSupervisor } from '#src/bridge/protocol/sender-to-supervisor.js'
import { TaskTable } from '#src/bridge/shared-table.js'
import type { Task } from '#src/core/task.js'
import { SUBMITTED } from '#src/core/task-state.js'

const test = suite('bridge: handles of other threads’ tasks')

const OWNER = 3

const Real = { WeakRef: globalThis.WeakRef, FinalizationRegistry: globalThis.FinalizationRegistry }
test.after.each(() => {
  Object.assign(globalThis, Real)
})

/** Garbage as the test has it: when something is collected, and when whoever has registered it is told so. */
function ownGarbage() {
  const gone = new Set<object>()
  const tellOf = new Map<object, () => void>()
  class OwnWeakRef {
    readonly #target: object

    constructor(target: object) {
      this.#target = target
    }

    deref(): object | undefined {
      return gone.has(this.#target) ? undefined : this.#target
    }
  }
  class OwnRegistry {
    readonly #cleanup: (held: unknown) => void

    constructor(cleanup: (held: unknown) => void) {
      this.#cleanup = cleanup
    }

    register(target: object, held: unknown): void {
      tellOf.set(target, () => this.#cleanup(held))
    }
  }
  Object.assign(globalThis, { WeakRef: OwnWeakRef, FinalizationRegistry: OwnRegistry })
  return { collect: (task: Task) => void gone.add(task), tellOf: (task: Task) => tellOf.get(task)!() }
}

/** A thread that is given the handle of a task of another. */
function setUp() {
  const garbage = ownGarbage()
  let segment: SharedArrayBuffer | undefined
  const table = new TaskTable((_, buffer) => {
    segment = buffer
  })
  const home = table.take()
  table.exchange(home, table.state(home), SUBMITTED)
  const told: SenderToSupervisor[] = []
  const deferred: (() => void)[] = []
  const context: ImportContext = {
    tell: message => told.push(message),
    tellThreads: () => {},
    tellThread: () => false,
    reach: () => {},
    defer: call => deferred.push(call),
    reminders: { after: () => () => {} } as unknown as ImportContext['reminders'],
    refuseDeadlock: () => {},
    block: () => {},
  }
  const imports = new Imports({}, context)
  const name = { owner: OWNER, sequence: 8, lane: 'lane', name: 'quote' }
  const sent: SentHandle = { ...name, submitted: 1, attempt: 1, home, segment: segment!, outcome: null }
  /** How often each handle has been given back, as its submitter is told. */
  const returned = (): number[][] => {
    for (const call of deferred.splice(0)) call()
    return told.splice(0).flatMap(message => (message.type === 'returned' ? [[...message.handles]] : []))
  }
  return { ...garbage, imports, sent, returned, sequence: name.sequence }
}

test('a handle that has come several times is given back as often, once it is garbage', () => {
  const { imports, sent, returned, sequence, collect, tellOf } = setUp()
  const task = imports.take(sent)
  assert.is(imports.take(sent), task)
  assert.is(imports.take(sent), task)
  assert.equal(returned(), [])
  collect(task)
  tellOf(task)
  assert.equal([returned(), imports.size], [[[OWNER, sequence, 3]], 0])
})

test('one that comes again when it is garbage, before that is known, is given back as often as it has come in all', () => {
  const { imports, sent, returned, sequence, collect, tellOf } = setUp()
  const first = imports.take(sent)
  imports.take(sent)
  collect(first)
  const second = imports.take(sent)
  assert.is.not(second, first)
  tellOf(first)
  assert.equal([returned(), imports.size], [[], 1])
  assert.is(imports.recordOf(second).state, SUBMITTED)
  collect(second)
  tellOf(second)
  assert.equal([returned(), imports.size], [[[OWNER, sequence, 3]], 0])
})

test.run()
