import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { TaskInfo } from '#src/core/task-info.js'
import { taskTable } from '#src/core/task-table-text.js'

const test = suite('core: the table of tasks')

const NONE = { running: 0, waiting: 0, finished: 0 }
const RUNNING: TaskInfo = {
  id: 12,
  name: 'reindex',
  lane: 'bulk',
  state: 'STARTED',
  timestamps: { submit: 1_000, start: 1_001.5 },
  attempt: 1,
  priority: 0,
  waitsFor: 0,
  awaits: [],
  waited: 1.5,
  ran: 20_000.04,
}

/** The cells of the row of a task that has this name. */
function shownName(name: string): string {
  const table = taskTable([{ ...RUNNING, name }], 2_000, NONE)
  assert.is(table.split('\n').length, 3, 'a row is a line')
  return table
    .split('\n')[1]!
    .slice(4)
    .split(/ +bulk/)[0]!
}

test('its columns are aligned, words to the left and numbers to the right', () => {
  const { ran: _, ...ended } = RUNNING
  const canceled: TaskInfo = {
    ...ended,
    id: 3,
    name: 'quote',
    lane: 'urgent',
    state: 'CANCELED',
    timestamps: { submit: 1_000, cancel: 1_800 },
    ran: undefined,
  }
  assert.is(
    taskTable([RUNNING, canceled], 2_000, NONE),
    [
      'id  name     lane    state     queue  running  timedout  failed  done  canceled',
      '12  reindex  bulk    STARTED     1.5  20000.0',
      ' 3  quote    urgent  CANCELED    1.5                                      200.0',
      '',
    ].join('\n'),
  )
})

test('without tasks it is its head', () => {
  assert.is(
    taskTable([], 0, NONE),
    'id  name  lane  state  queue  running  timedout  failed  done  canceled\n',
  )
})

test('what was left out is told in a line of its own', () => {
  const lines = taskTable([RUNNING], 2_000, { running: 0, waiting: 998_000, finished: 1_000 }).split('\n')
  assert.is(lines[2], 'left out: 0 running, 998000 waiting, 1000 finished')
})

test('long names are cut', () => {
  assert.is(shownName('n'.repeat(40)), 'n'.repeat(40))
  assert.is(shownName('n'.repeat(41)), `${'n'.repeat(39)}…`)
  assert.is(shownName('n'.repeat(10_000_000)), `${'n'.repeat(39)}…`)
  assert.is(shownName('\u{1F600}'.repeat(50)), `${'\u{1F600}'.repeat(39)}…`)
})

test('what a terminal would obey is shown and not done', () => {
  assert.is(shownName('a\nb\tc'), 'a\\nb\\tc')
  assert.is(shownName('\u001b[2Jx\u007f\u009b'), '\\u{1b}[2Jx\\u{7f}\\u{9b}')
  assert.is(shownName('a\u2028b\u202ec\ud800'), 'a\\u{2028}b\\u{202e}c\\u{d800}')
  assert.is(shownName('größe 大'), 'größe 大')
})

test('an end that seems to lie ahead is now', () => {
  const { ran: _, ...ended } = RUNNING
  const done: TaskInfo = { ...ended, state: 'DONE', timestamps: { submit: 0, done: 2_000.001 }, ran: 1 }
  assert.match(taskTable([done], 2_000, NONE), / 0\.0\n$/)
})

test('what tasks wait for stands in a last column, if any does', () => {
  const waiting = { ...RUNNING, awaits: ["task 'parse' on lane 'cpu'", 'b', 'c', 'd', 'e'] }
  const [head, first, second] = taskTable([waiting, RUNNING], 2_000, NONE).split('\n')
  assert.match(head!, /canceled {2}waits for$/)
  assert.match(first!, / {2}task 'parse' on lane 'cpu', b, c, 2 more$/)
  assert.not.match(second!, /task/)
})

test.run()
