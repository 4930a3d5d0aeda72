import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { advance, instantAt, mirror, retreat, takeHome } from '#src/bridge/homes.js'
import { FLAG, FLOAT, INT, slotOf, TableView, TaskTable } from '#src/bridge/shared-table.js'
import { CANCELED, DONE, FAILED, isFinal, SCHEDULED, STARTED, SUBMITTED } from '#src/core/task-state.js'

const test = suite('bridge: homes')

/** The view of a thread that is held up once, right after it has looked at something. */
class HeldUpView extends TableView {
  looks = 0
  heldUpAt = 0
  meanwhile: () => void = () => {}

  override state(id: number): number {
    return this.#looked(super.state(id))
  }

  override float(id: number, field: number): number {
    return this.#looked(super.float(id, field))
  }

  override loadInt(id: number, field: number): number {
    return this.#looked(super.loadInt(id, field))
  }

  #looked(seen: number): number {
    if (++this.looks === this.heldUpAt) this.meanwhile()
    return seen
  }
}

function setUp() {
  const view = new HeldUpView()
  const table = new TaskTable((index, buffer) => view.attach(index, buffer))
  return { table, view }
}

const shownAt = (table: TableView, home: number) => [
  table.state(home),
  instantAt(table, home, FLOAT.STARTED),
  instantAt(table, home, FLOAT.ENDED),
]

/** A task with a home, in a state that is not shown there yet. */
function sentTask(table: TaskTable, state: number): { id: number; home: number } {
  const [id, home] = [table.take(), takeHome(table, 7, 0.5)]
  table.setHome(id, home)
  table.setFloat(id, FLOAT.STARTED, 10)
  table.exchange(id, SCHEDULED, STARTED)
  if (isFinal(state)) table.setFloat(id, FLOAT.ENDED, 20)
  if (state !== STARTED) table.exchange(id, STARTED, state)
  return { id, home }
}

test('a home shows the state of its task and its instants', () => {
  const { table, view } = setUp()
  const { id, home } = sentTask(table, STARTED)
  assert.equal(shownAt(view, home), [SUBMITTED, undefined, undefined])
  mirror(table, id)
  assert.equal(shownAt(view, home), [STARTED, 10, undefined])
  retreat(table, home, SCHEDULED)
  assert.equal(shownAt(view, home), [SCHEDULED, undefined, undefined])
  advance(table, home, STARTED, 12, 0)
  advance(view, home, DONE, 12, 20)
  assert.equal(shownAt(view, home), [DONE, 12, 20])
  mirror(table, id)
  assert.is(view.state(home), DONE, 'a final state is shown for good')
})

for (const after of ['a task', 'a home', 'nothing'] as const) {
  test(`who is held up as it shows a state changes nothing if the slot is that of ${after} then`, () => {
    for (const state of [STARTED, DONE]) {
      for (let heldUpAt = 1; ; heldUpAt++) {
        const { table, view } = setUp()
        const { id, home } = sentTask(table, state)
        let next = 0
        view.heldUpAt = heldUpAt
        view.meanwhile = () => {
          table.setHome(id, 0)
          table.free(home)
          if (after === 'a task') next = table.take()
          if (after === 'a home') next = takeHome(table, 8, 0.5)
        }
        mirror(view, id)
        if (view.looks < heldUpAt) {
          assert.ok(heldUpAt > 4, 'it was held up at each of its looks')
          break
        }
        const at = `held up after look ${heldUpAt}, showing ${state}`
        if (next === 0) {
          assert.is(table.idAt(slotOf(home)), 0, at)
          continue
        }
        assert.is(slotOf(next), slotOf(home), 'the slot was not used again, so nothing was shown')
        const fresh = after === 'a task' ? SCHEDULED : SUBMITTED
        assert.equal(shownAt(table, next), [fresh, undefined, undefined], at)
      }
    }
  })
}

test('who is held up until the slot of the task is another one shows nothing of that', () => {
  for (let heldUpAt = 1; ; heldUpAt++) {
    const { table, view } = setUp()
    const { id, home } = sentTask(table, CANCELED)
    view.heldUpAt = heldUpAt
    view.meanwhile = () => {
      table.free(id)
      const next = table.take()
      table.setFloat(next, FLOAT.STARTED, 30)
      table.setFloat(next, FLOAT.ENDED, 40)
    }
    mirror(view, id)
    if (view.looks < heldUpAt) break
    const [, started = 10, ended = 20] = shownAt(table, home)
    assert.equal([started, ended], [10, 20], `held up after look ${heldUpAt}`)
  }
})

test('the failure of an attempt is shown as a failure only by a task that has no other attempts', () => {
  for (const [flags, shown] of [
    [FLAG.RETRIES, STARTED],
    [0, FAILED],
  ] as const) {
    const { table } = setUp()
    const { id, home } = sentTask(table, FAILED)
    table.orInt(id, INT.FLAGS, flags)
    mirror(table, id)
    assert.is(table.state(home), shown)
    // Its submitter may have decided otherwise before it is run again.
    advance(table, home, CANCELED, 1, 2)
    assert.is(table.state(home), flags === 0 ? FAILED : CANCELED)
  }
})

test.run()
