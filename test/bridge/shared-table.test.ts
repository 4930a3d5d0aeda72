import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLOAT, FREE, INT, slotOf, TableView, TaskTable } from '#src/bridge/shared-table.js'
import { CANCELED, DONE, SCHEDULED, STARTED } from '#src/core/task-state.js'

const test = suite('bridge: the shared task table')

/** A table and a view of it, as on another thread. */
function setUp() {
  const view = new TableView()
  const table = new TaskTable((index, buffer) => view.attach(index, buffer))
  return { table, view }
}

const SEGMENT = setUp().table.slots
const GENERATIONS = 2 ** 14

test('a slot that was taken is SCHEDULED, in the table and in every view of it', () => {
  const { table, view } = setUp()
  const id = table.take()
  assert.equal([table.state(id), view.state(id)], [SCHEDULED, SCHEDULED])
  assert.is(view.holds(id), true)
  assert.is(table.inUse, 1)
  table.free(id)
  assert.is(view.state(id), FREE)
  assert.is(table.inUse, 0)
})

test('one exchange decides: it is true once, for whoever comes first', () => {
  const { table, view } = setUp()
  const id = table.take()
  assert.equal(
    [view.exchange(id, SCHEDULED, STARTED), table.exchange(id, SCHEDULED, CANCELED)],
    [true, false],
  )
  assert.equal([table.exchange(id, STARTED, CANCELED), view.exchange(id, STARTED, DONE)], [true, false])
  assert.is(view.state(id), CANCELED)
})

test('an id from an earlier use of a slot never changes anything again', () => {
  const { table, view } = setUp()
  const old: number[] = []
  for (let use = 0; use < 50; use++) {
    const id = table.take()
    for (const gone of old) {
      assert.is(view.state(gone), -1)
      for (const from of [FREE, SCHEDULED, STARTED, DONE]) assert.not(view.exchange(gone, from, CANCELED))
    }
    assert.is(table.state(id), SCHEDULED)
    old.push(id)
    table.free(id)
  }
  assert.is(new Set(old.map(slotOf)).size, 1, 'the slot was not used again, so nothing was shown')
  assert.is(new Set(old).size, old.length)
})

test('ids fit 31 bits and are never 0, also when the generations of a slot have gone round', () => {
  const { table } = setUp()
  const seen = new Set<number>()
  for (let use = 0; use < GENERATIONS + 10; use++) {
    const id = table.take()
    if (id <= 0 || id > 2 ** 31 - 1 || !Number.isInteger(id)) assert.unreachable(`id ${id}`)
    if (table.state(id) !== SCHEDULED) assert.unreachable(`id ${id} is not SCHEDULED`)
    seen.add(id)
    table.free(id)
  }
  assert.is(seen.size, GENERATIONS - 1)
})

test('it grows by a segment at a time, which is told before any of its slots is used', () => {
  const told: number[] = []
  const taken: number[] = []
  const table = new TaskTable((index, buffer) => {
    assert.is(taken.length, index * SEGMENT)
    assert.instance(buffer, SharedArrayBuffer)
    told.push(index)
  })
  while (told.length < 4) taken.push(table.take())
  assert.equal(told, [0, 1, 2, 3])
  assert.is(table.buffers.length, 4)
  assert.is(taken.length, 3 * SEGMENT + 1)
  assert.is(new Set(taken.map(slotOf)).size, taken.length)
  assert.ok(taken.every(id => id > 0 && id < 2 ** 31 && table.state(id) === SCHEDULED))
})

test('one that joins late sees all of it through the buffers', () => {
  const { table } = setUp()
  const ids = Array.from({ length: SEGMENT + 5 }, () => table.take())
  const late = new TableView()
  table.buffers.forEach((buffer, index) => {
    late.attach(index, buffer)
  })
  assert.is(late.slots, table.slots)
  assert.ok(ids.every(id => late.holds(id) && late.state(id) === SCHEDULED))
})

test('fields are of the slot alone, and those of the last task are gone when it is taken again', () => {
  const { table, view } = setUp()
  const ids = [table.take(), table.take()] as const
  ids.forEach((id, i) => {
    for (const field of Object.values(INT)) if (field !== INT.WORD) table.setInt(id, field, 100 * i + field)
    for (const field of Object.values(FLOAT)) table.setFloat(id, field, 100 * i + field + 0.5)
  })
  // Written one after the other: fields that overlapped would show here.
  ids.forEach((id, i) => {
    for (const field of Object.values(FLOAT)) assert.is(view.float(id, field), 100 * i + field + 0.5)
    for (const field of Object.values(INT)) {
      if (field !== INT.WORD) assert.is(view.int(id, field), 100 * i + field)
    }
    assert.is(view.state(id), SCHEDULED)
  })
  table.free(ids[0])
  const again = table.take()
  assert.is(slotOf(again), slotOf(ids[0]))
  assert.equal(
    [table.float(again, FLOAT.STARTED), table.float(again, FLOAT.ENDED), table.int(again, INT.VERDICT)],
    [0, 0, 0],
  )
})

test('iterating tells of the slots in use, each with its id and state', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { maxLength: 60 }), picks => {
      const { table, view } = setUp()
      const expected = new Map<number, number>()
      for (const pick of picks) {
        const ids = [...expected.keys()]
        const id = ids[pick]
        if (id === undefined) {
          expected.set(table.take(), SCHEDULED)
        } else if (expected.get(id) === SCHEDULED) {
          table.exchange(id, SCHEDULED, STARTED)
          expected.set(id, STARTED)
        } else {
          table.free(id)
          expected.delete(id)
        }
        assert.is(table.inUse, expected.size)
      }
      assert.equal(new Map([...view].map(({ id, state }) => [id, state])), expected)
    }),
    { numRuns: 30 },
  )
})

const JUNK = [undefined, null, '5', {}, [], true, 5n, Number.NaN, Number.POSITIVE_INFINITY, 1.5, 0, -1, -5]

test('what is no id of a slot is told apart', () => {
  const { table, view } = setUp()
  const id = table.take()
  for (const junk of JUNK) assert.is(view.holds(junk), false, String(junk))
  assert.is(new TableView().holds(id), false, 'a view without segments holds nothing')
  assert.is(view.holds(SEGMENT), false, 'beyond the last slot')
})

test('a number of more than 31 bits is no id, whatever its lower bits are', () => {
  const { table, view } = setUp()
  const id = table.take()
  for (const offset of [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52]) {
    assert.is(view.holds(id + offset), false, `${id} + ${offset}`)
  }
})

test.run()
