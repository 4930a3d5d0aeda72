import { setImmediate as turn } from 'node:timers/promises'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { Admission, MAX_HELD, OVERLOAD_POLICIES, type OverloadPolicy } from '#src/core/admission.js'
import { QueueFullError } from '#src/core/errors.js'
import { type CallTarget, Task, TaskExtras } from '#src/core/task.js'
import { collectGarbage } from '../support/garbage.js'
import { thrownBy } from '../support/rejection.js'

const test = suite('core: admission')

const NEVER = Number.POSITIVE_INFINITY

/** A queue that is a list, and an admission that asks it. */
class World {
  readonly admission: Admission
  readonly waiting: Task[] = []
  readonly heldTasks: Task[] = []
  readonly dropped: Task[] = []
  readonly limit: number
  now = 0
  held: number | null = null
  /** Whether a task was to be run again. */
  cameBack = false
  beingTakenBack: Task | null = null
  #sequence = 0

  constructor(policy: OverloadPolicy, limit: number) {
    this.limit = limit
    this.admission = new Admission('lane', policy, limit, {
      enter: () => this.waiting.length < limit,
      held: () => this.held ?? this.heldTasks.length,
      waiting: () => this.waiting,
      isWaiting: task => this.waiting.includes(task) && task !== this.beingTakenBack,
      hasBegun: task => !this.waiting.includes(task),
      drop: task => {
        this.leave(task)
        this.dropped.push(task)
      },
    })
  }

  leave(task: Task): void {
    const at = this.waiting.indexOf(task)
    if (at >= 0) this.waiting.splice(at, 1)
  }

  submit(target: CallTarget, deadline = NEVER, waitUntil = NEVER): 'accept' | 'hold' | 'refuse' {
    const extras = deadline === NEVER && waitUntil === NEVER ? null : new TaskExtras()
    if (extras !== null) Object.assign(extras, { deadline, waitUntil })
    const task = new Task(target, ++this.#sequence, [], this.now, null, extras)
    try {
      const how = this.admission.ask(this.now)
      if (how === 'drop') this.admission.makeRoom(this.now)
      if (how === 'hold') this.heldTasks.push(task)
      else this.accept(task)
      return how === 'hold' ? 'hold' : 'accept'
    } catch (error) {
      assert.instance(error, QueueFullError)
      return 'refuse'
    }
  }

  accept(task: Task): void {
    this.waiting.push(task)
    this.admission.accepted(task)
  }
}

function newTarget(mean = 0): CallTarget {
  return { name: 'x', lane: 'lane', owner: null, index: 0, mean }
}

function isHopeless({ extras, target }: Task, now: number): boolean {
  return extras !== null && Math.min(extras.waitUntil, extras.deadline - target.mean) <= now
}

type Step =
  | {
      readonly type: 'submit'
      readonly deadline: number
      readonly queueTimeout: number
      readonly which: number
    }
  | { readonly type: 'start' | 'back'; readonly which: number }
  | { readonly type: 'admit' }
  | { readonly type: 'pass'; readonly time: number }
  | { readonly type: 'mean'; readonly which: number; readonly mean: number }

const limits = fc.constantFrom(NEVER, NEVER, 5, 20, 100)
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        type: fc.constant('submit' as const),
        deadline: limits,
        queueTimeout: limits,
        which: fc.nat(1),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constantFrom('start' as const, 'back' as const), which: fc.nat(50) }),
    },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('admit' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({ type: fc.constant('pass' as const), time: fc.constantFrom(1, 10, 40) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        type: fc.constant('mean' as const),
        which: fc.nat(1),
        mean: fc.constantFrom(0, 3, 30, 200),
      }),
    },
  ),
  { maxLength: 200, size: 'max' },
)

for (const policy of OVERLOAD_POLICIES) {
  test(`${policy}: who is let in, held, refused and dropped is what a plain list would do`, () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), steps, (limit, run) => {
        const world = new World(policy, limit)
        const targets = [newTarget(), newTarget()] as const
        const started: Task[] = []
        for (const step of run) follow(world, policy, targets, started, step)
      }),
      { numRuns: 300 },
    )
  })
}

function follow(
  world: World,
  policy: OverloadPolicy,
  targets: readonly [CallTarget, CallTarget],
  started: Task[],
  step: Step,
): void {
  switch (step.type) {
    case 'pass':
      world.now += step.time
      return
    case 'mean':
      targets[step.which]!.mean = step.mean
      return
    case 'start': {
      const task = world.waiting[step.which % Math.max(1, world.waiting.length)]
      if (task === undefined) return
      world.leave(task)
      started.push(task)
      return
    }
    case 'back': {
      // It is to be run again, whether there is room or not.
      const [task] = started.splice(step.which % Math.max(1, started.length), 1)
      if (task === undefined) return
      world.cameBack = true
      world.accept(task)
      return
    }
    case 'admit':
      while (world.waiting.length < world.limit && world.heldTasks.length > 0) {
        world.accept(world.heldTasks.shift()!)
      }
      return
    case 'submit':
      submitAndCompare(world, policy, targets, step.which, step.deadline, step.queueTimeout)
  }
}

function submitAndCompare(
  world: World,
  policy: OverloadPolicy,
  targets: readonly [CallTarget, CallTarget],
  which: number,
  deadline: number,
  queueTimeout: number,
): void {
  const before = [...world.waiting]
  const over = before.length - world.limit + 1
  const dropped = world.dropped.length
  const mustHold = policy === 'wait' && world.heldTasks.length > 0
  const how = world.submit(targets[which]!, world.now + deadline, world.now + queueTimeout)
  const justDropped = world.dropped.slice(dropped)
  if (over <= 0 && !mustHold) {
    assert.equal([how, justDropped], ['accept', []])
    return
  }
  const hopeless = before.filter(task => isHopeless(task, world.now))
  switch (policy) {
    case 'reject':
      assert.equal([how, justDropped], ['refuse', []])
      break
    case 'wait':
      assert.equal([how, justDropped], ['hold', []])
      break
    case 'drop-oldest':
      assert.is(how, 'accept')
      // Those that came back are as old as their return, or, if nobody has looked since, as their first coming.
      assert.is(justDropped.length, over)
      if (!world.cameBack) assert.equal(justDropped, before.slice(0, over))
      break
    case 'drop-expired':
      assert.is(how, hopeless.length >= over ? 'accept' : 'refuse')
      assert.equal(justDropped, hopeless)
  }
  if (how === 'accept') assert.ok(world.waiting.length <= world.limit, 'above the limit')
}

test('wait: what comes while others wait for room waits as well, and no more than a limit of them', () => {
  const world = new World('wait', 10)
  assert.is(world.submit(newTarget()), 'accept')
  world.held = 1
  assert.is(world.submit(newTarget()), 'hold', 'though there is room')
  world.held = MAX_HELD - 1
  assert.is(world.submit(newTarget()), 'hold')
  world.held = MAX_HELD
  assert.is(thrownBy(() => world.admission.ask(0), QueueFullError).limit, MAX_HELD)
  world.held = 0
  assert.is(world.submit(newTarget()), 'accept')
})

test('nothing is dropped before room is made, and none if there is room by then', () => {
  const world = new World('drop-oldest', 1)
  world.submit(newTarget())
  assert.is(world.admission.ask(0), 'drop')
  assert.equal(world.dropped, [])
  world.leave(world.waiting[0]!)
  world.admission.makeRoom(0)
  assert.equal(world.dropped, [])
})

test('drop-expired: a function that has become slower makes tasks hopeless that were not', () => {
  const world = new World('drop-expired', 2)
  const target = newTarget(1)
  for (const deadline of [100, 500]) world.submit(target, deadline)
  assert.is(world.submit(target), 'refuse')
  target.mean = 150
  assert.is(world.submit(target), 'accept')
  assert.is(world.dropped.length, 1)
})

test('drop-oldest: one that is being taken back from a thread is not dropped, and keeps its place', () => {
  const world = new World('drop-oldest', 2)
  for (let i = 0; i < 2; i++) world.submit(newTarget())
  const [first, second] = world.waiting
  world.beingTakenBack = first!
  world.submit(newTarget())
  assert.equal(world.dropped, [second])
  world.beingTakenBack = null
  world.submit(newTarget())
  assert.equal(world.dropped, [second, first])
})

test('drop-oldest: nothing is kept of tasks that have ended', async () => {
  const world = new World('drop-oldest', 200)
  const ended: WeakRef<Task>[] = []
  const submitAndEnd = (): void => {
    world.submit(newTarget())
    const task = world.waiting.pop()!
    ended.push(new WeakRef(task))
    world.admission.ended(task)
  }
  for (let i = 0; i < 100; i++) submitAndEnd()
  // As long as a turn lasts, what a WeakRef was made for in it is kept.
  await turn()
  collectGarbage()
  assert.is(ended.filter(task => task.deref() !== undefined).length, 0)
})

test('drop-oldest: very many tasks that come and go leave nothing behind', () => {
  const world = new World('drop-oldest', 3)
  const target = newTarget()
  for (let i = 0; i < 100_000; i++) {
    world.submit(target)
    if (i % 2 === 0) world.leave(world.waiting[0]!)
  }
  assert.ok(world.waiting.length <= 3)
})

test('drop-expired: functions whose names are made up are forgotten, and those that wait are not', async () => {
  const world = new World('drop-expired', 2)
  world.submit(newTarget(), 500)
  const targets: WeakRef<CallTarget>[] = []
  for (let i = 0; i < 10_000; i++) {
    const target = newTarget()
    targets.push(new WeakRef(target))
    world.submit(target, 1_000)
    world.leave(world.waiting[1]!)
  }
  // As long as a turn lasts, what a WeakRef was made for in it is kept.
  await turn()
  collectGarbage()
  const left = targets.filter(target => target.deref() !== undefined).length
  assert.ok(left < 1_000, `${left} are kept`)
  world.submit(newTarget())
  world.now = 600
  assert.is(world.submit(newTarget()), 'accept')
  assert.is(world.dropped.length, 1)
})

test.run()
