import { FLOAT, INT, type TableView } from '../bridge/shared-table.js'
import { SCHEDULED, STARTED, TASK_STATES } from '../core/task-state.js'
import type { AnsweredStall } from './stall-response.js'

/** The most tasks that a report lists. */
const MOST_ROWS = 20
/** The most tasks that it names as those that may hold the loop. */
const MOST_CANDIDATES = 5
/** Lines of the stack are cut to this many characters. */
const MOST_LINE_CHARACTERS = 200
/** Names are cut to this many characters. */
const MOST_CHARACTERS = 32

/** What is known of a lane thread by its number. */
export type ThreadNames = (
  thread: number,
) => { readonly lane: string; readonly names: readonly string[] } | undefined

interface Row {
  readonly lane: string
  readonly name: string
  readonly state: string
  /** Milliseconds. */
  readonly queued: number
  /** Milliseconds, or NaN for one that has not started. */
  readonly running: number
}

/**
 * What the supervisor writes of a stall when the thread that should report it does not answer: which task holds which
 * lane, what was done about it, where its loop is, and the tasks that were sent and are not finished, those of the stalled lane first.
 *
 * @param tables the task tables of all senders
 * @param threadNames what the lanes' threads are called, and their functions
 * @param now the present instant
 * @returns lines of text, of bounded number and length
 */
export function stallReport(
  stall: AnsweredStall,
  tables: Iterable<TableView>,
  threadNames: ThreadNames,
  now: number,
): string {
  const rows: Row[] = []
  for (const table of tables) {
    for (const { id, state } of table) {
      const row = rowOf(table, id, state, threadNames, now)
      if (row !== undefined) rows.push(row)
    }
  }
  const rank = (row: Row): number => (row.lane === stall.lane ? 0 : 2) + (Number.isNaN(row.running) ? 1 : 0)
  rows.sort((a, b) => rank(a) - rank(b) || b.queued - a.queued)
  const cells = rows
    .slice(0, MOST_ROWS)
    .map(row => [
      row.lane,
      cut(row.name),
      row.state,
      row.queued.toFixed(1),
      Number.isNaN(row.running) ? '-' : row.running.toFixed(1),
    ])
  const lines = [
    `multilane: lane '${stall.lane}' is stalled: ${holdersOf(stall)} has held thread ` +
      `${stall.thread} for ${Math.round(stall.silent)} ms, and the thread that started the lanes does not answer.`,
    ...(stall.action === 'replace' ? ['  A fresh thread takes over what has not started on it.'] : []),
    ...stackLines(stall.stack),
    ...table([['lane', 'task', 'state', 'queued ms', 'running ms'], ...cells]),
  ]
  if (rows.length > MOST_ROWS) lines.push(`  and ${rows.length - MOST_ROWS} tasks more`)
  return `${lines.join('\n')}\n`
}

function rowOf(
  table: TableView,
  id: number,
  state: number,
  threadNames: ThreadNames,
  now: number,
): Row | undefined {
  if (state !== SCHEDULED && state !== STARTED) return undefined
  const submitted = table.float(id, FLOAT.SUBMITTED)
  const started = table.float(id, FLOAT.STARTED)
  const thread = threadNames(table.int(id, INT.THREAD))
  const name = thread?.names[table.int(id, INT.CALL)] ?? '(unknown)'
  if (thread === undefined || table.state(id) !== state) return undefined
  const hasStarted = state === STARTED
  return {
    lane: thread.lane,
    name,
    state: TASK_STATES[state]!,
    queued: Math.max(0, (hasStarted ? started : now) - submitted),
    running: hasStarted ? Math.max(0, now - started) : Number.NaN,
  }
}

function holdersOf({ candidates }: AnsweredStall): string {
  const [first, ...others] = candidates
    .slice(0, MOST_CANDIDATES)
    .map(({ name, task }) => `'${cut(name)}' (${task})`)
  if (first === undefined) return 'what a task has left behind'
  const more = candidates.length > MOST_CANDIDATES ? ', or another' : ''
  return others.length === 0 ? `task ${first}` : `one of the tasks ${[first, ...others].join(', ')}${more}`
}

function cut(text: string, most = MOST_CHARACTERS): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text
}

function stackLines(stack: string | undefined): string[] {
  return stack === undefined ? [] : stack.split('\n').map(line => cut(line, MOST_LINE_CHARACTERS))
}

/** Text to the left, figures to the right. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  return rows.map(row => {
    const cells = row.map((cell, column) =>
      column < 3 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    )
    return `  ${cells.join('  ')}`
  })
}
