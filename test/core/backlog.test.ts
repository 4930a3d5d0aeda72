import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AGED_EVERY, AGING_MS } from '#src/core/ready-queue.js'
import { CANCELED } from '#src/core/task-state.js'
import {
  add,
  admit,
  end,
  endAwaited,
  hold,
  putBack,
  reprioritize,
  retry,
  take,
  wait,
} from './backlog-commands.js'
import { KEYS, Model, make, NEVER, Real } from './backlog-model.js'

const test = suite('core: the backlog')

const wanted = fc.record({
  priority: fc.constantFrom(0, 0, 0, 1, 5),
  deadline: fc.constantFrom(NEVER, NEVER, NEVER, 3, 40, 2000),
  queueTimeout: fc.constantFrom(NEVER, NEVER, NEVER, 2, 30, 1500),
  delay: fc.constantFrom(0, 0, 0, 1, 35, 1200),
  key: fc.constantFrom(null, null, ...KEYS),
  plain: fc.boolean(),
  after: fc.oneof(fc.constant([]), fc.array(fc.nat(9), { maxLength: 3 })),
})
const index = fc.nat(1000)
const commands = fc.commands(
  [
    wanted.map(add),
    wanted.map(add),
    wanted.map(hold),
    fc.nat(3).map(admit),
    fc.integer({ min: 1, max: 3 }).map(take),
    fc.integer({ min: 1, max: 3 }).map(take),
    index.map(putBack),
    fc.tuple(index, fc.constantFrom(null, 0, 5, 50)).map(args => retry(...args)),
    fc.tuple(index, fc.boolean()).map(args => end(...args)),
    fc.tuple(index, fc.integer({ min: 0, max: 6 })).map(args => reprioritize(...args)),
    fc.tuple(fc.nat(9), fc.boolean()).map(args => endAwaited(...args)),
    fc.constantFrom(1, 2, 10, 500, AGING_MS).map(wait),
  ],
  { maxCommands: 80, size: 'max' },
)

/** Everything that is left is let in, taken, and ended: nothing may stay behind. */
function emptyOut(model: Model, real: Real): void {
  for (
    let round = 0;
    real.backlog.size + real.backlog.unaccepted > 0 || model.known.some(one => one.out);
    round++
  ) {
    assert.ok(round < 1000, `${real.backlog.size} tasks are stranded, ${real.backlog.held} held`)
    model.awaited.forEach((awaited, place) => {
      if (!awaited.isOver) endAwaited(place, true).run(model, real)
    })
    for (const step of [admit(1000), take(1000), end(0, true), wait(100)]) step.run(model, real)
  }
  assert.is(real.clock.pending, 0, 'a timer is left')
}

test('whatever is done to it: places, states, counts, order, turns and reminders are as they are documented', () => {
  fc.assert(
    fc.property(commands, run => {
      const model = new Model()
      const real = new Real()
      fc.modelRun(() => ({ model, real }), run)
      emptyOut(model, real)
    }),
    { numRuns: 1000 },
  )
})

test('what came too late is not taken, though its timer has not had a chance to fire', () => {
  const real = new Real()
  const model = new Model()
  const none = { priority: 0, deadline: NEVER, queueTimeout: NEVER, delay: 0, key: null, plain: false }
  const late = make(model, real, { ...none, queueTimeout: 5, key: 'a', priority: 1 })
  const next = make(model, real, { ...none, key: 'a' })
  for (const { task } of [late, next]) real.backlog.add(task)
  real.clock.advance(10)
  assert.is(real.backlog.take(real.clock.now()), next.task)
  assert.equal([real.ranOutTasks, real.backlog.size, real.clock.pending], [[late.task], 0, 0])
})

test('onSubmit of one that was let in may cancel the next, which is told of its end alone', () => {
  const real = new Real()
  const model = new Model()
  const none = { priority: 0, deadline: NEVER, queueTimeout: NEVER, delay: 0, key: null, plain: false }
  const log: string[] = []
  const tasks = ['first', 'second', 'third'].map(name => {
    const { task } = make(model, real, none)
    task.extras!.observer = {
      accepted: () => {
        log.push(`${name} accepted`)
        if (name !== 'first') return
        real.backlog.remove(tasks[1]!)
        tasks[1]!.settle(CANCELED, null, 0)
        log.push('second cancelled')
      },
      started: () => {},
      finished: () => {},
    }
    real.backlog.hold(task)
    return task
  })
  real.backlog.admit(() => true)
  assert.equal(log, ['first accepted', 'second cancelled', 'third accepted'])
})

test('one that waits for its turn is given it, by age, however many more urgent ones of its key keep coming', () => {
  const real = new Real()
  const model = new Model()
  const none = { priority: 0, deadline: NEVER, queueTimeout: NEVER, delay: 0, key: 'a', plain: false }
  const patient = make(model, real, none)
  real.backlog.add(make(model, real, { ...none, priority: 9 }).task)
  real.backlog.add(patient.task)
  let taken = real.backlog.take(real.clock.now())!
  real.clock.advance(AGING_MS)
  let others = 0
  while (taken !== patient.task) {
    for (let i = 0; i < 2; i++) real.backlog.add(make(model, real, { ...none, priority: 9 }).task)
    // Those that ask meanwhile are parked.
    assert.is(real.backlog.take(real.clock.now()), null)
    real.backlog.endTurn(taken)
    taken = real.backlog.take(real.clock.now())!
    assert.ok(++others <= 3 * AGED_EVERY * AGED_EVERY, `${others} went before it`)
  }
})

test.run()
