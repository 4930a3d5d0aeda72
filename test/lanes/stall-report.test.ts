import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { FLOAT, INT, TaskTable } from '#src/bridge/shared-table.js'
import { CANCELED, SCHEDULED, STARTED } from '#src/core/task-state.js'
import { stallReport } from '#src/lanes/stall-report.js'
import type { AnsweredStall } from '#src/lanes/stall-response.js'

const test = suite('lanes: the report of a stall')

const NOW = 10_000
const LANES: Readonly<Record<number, { lane: string; names: readonly string[] }>> = {
  1: { lane: 'urgent', names: ['quote', 'x'.repeat(500)] },
  2: { lane: 'bulk', names: ['reindex'] },
}
const stall: AnsweredStall = {
  report: 1,
  lane: 'urgent',
  thread: 1,
  holder: 1,
  holderSender: 0,
  candidates: [{ sender: 0, id: 1, task: 12, name: 'quote' }],
  sign: 0,
  silent: 640.4,
  action: 'report',
  stack: undefined,
}

function newTable(): TaskTable {
  return new TaskTable(() => {})
}

/** Sends a task; with `started`, it has begun. */
function send(table: TaskTable, thread: number, call: number, submitted: number, started?: number): number {
  const id = table.take()
  table.setInt(id, INT.THREAD, thread)
  table.setInt(id, INT.CALL, call)
  table.setFloat(id, FLOAT.SUBMITTED, submitted)
  if (started === undefined) return id
  table.setFloat(id, FLOAT.STARTED, started)
  table.exchange(id, SCHEDULED, STARTED)
  return id
}

function report(...tables: TaskTable[]): string[] {
  return reportOf(stall, ...tables)
}

function reportOf(of: AnsweredStall, ...tables: TaskTable[]): string[] {
  return stallReport(of, tables, thread => LANES[thread], NOW).split('\n')
}

test('which task holds which lane, and all that is under way, the stalled lane first', () => {
  const [one, other] = [newTable(), newTable()]
  send(one, 2, 0, 9_000, 9_100)
  send(one, 1, 0, 9_990)
  send(other, 1, 0, 9_358, 9_359.6)
  const cancelled = send(one, 1, 0, 9_000)
  one.exchange(cancelled, SCHEDULED, CANCELED)
  assert.equal(report(one, other), [
    "multilane: lane 'urgent' is stalled: task 'quote' (12) has held thread 1 for 640 ms, " +
      'and the thread that started the lanes does not answer.',
    '  lane    task     state      queued ms  running ms',
    '  urgent  quote    STARTED          1.6       640.4',
    '  urgent  quote    SCHEDULED       10.0           -',
    '  bulk    reindex  STARTED        100.0       900.0',
    '',
  ])
})

test('bounded in lines and in width', () => {
  const table = newTable()
  for (let i = 0; i < 5000; i++) send(table, 1, 1, NOW - i)
  const lines = report(table)
  assert.is(lines.length, 24)
  assert.is(lines.at(-2), '  and 4980 tasks more')
  for (const line of lines.slice(1)) assert.ok(line.length < 100, line)
})

test('what was done about it, and where its loop is, in lines of bounded length', () => {
  const stack = `    at deep (file:///tasks.js:3:5)\n    at ${'x'.repeat(1000)}`
  const [, done, ...lines] = reportOf({ ...stall, action: 'replace', stack }, newTable())
  assert.is(done, '  A fresh thread takes over what has not started on it.')
  assert.is(lines[0], '    at deep (file:///tasks.js:3:5)')
  assert.match(lines[1]!, /^ {4}at x+…$/)
  assert.is(lines[1]!.length, 200)
  assert.match(lines[2]!, /^ {2}lane/)
})

test.run()
