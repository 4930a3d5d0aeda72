import type { TaskInfo } from './task-info.js'

/** How many tasks of each kind a table leaves out. */
export interface LeftOut {
  readonly running: number
  readonly waiting: number
  readonly finished: number
}

const COLUMNS = [
  'id',
  'name',
  'lane',
  'state',
  'queue',
  'running',
  'timedout',
  'failed',
  'done',
  'canceled',
] as const
/** The last column, if any task waits for others. */
const AWAITS = 'waits for'
/** The columns of words; the others are numbers, and stand to the right. */
const WORDS: readonly string[] = ['name', 'lane', 'state', AWAITS]
const LONGEST_NAME = 40
/** Whatever moves the cursor, turns the line around, or breaks it. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * Tasks as a table: plain text, a row a task.
 *
 * @param now the present instant, in epoch milliseconds
 */
export function taskTable(tasks: readonly TaskInfo[], now: number, leftOut: LeftOut): string {
  const awaited = tasks.some(({ awaits }) => awaits.length > 0)
  const columns: readonly string[] = awaited ? [...COLUMNS, AWAITS] : COLUMNS
  const rows = [columns, ...tasks.map(task => cellsOf(task, now))]
  const widths = columns.map((_, i) => rows.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), 0))
  const lines = rows.map(row =>
    row
      .slice(0, columns.length)
      .map((cell, i) => (WORDS.includes(columns[i]!) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join('  ')
      .trimEnd(),
  )
  const { running, waiting, finished } = leftOut
  if (running + waiting + finished > 0) {
    lines.push(`left out: ${running} running, ${waiting} waiting, ${finished} finished`)
  }
  return `${lines.join('\n')}\n`
}

/** How long it waited and has run, and how long ago it ended in the one way it did: milliseconds. */
function cellsOf(task: TaskInfo, now: number): readonly string[] {
  const { timeout, error, done, cancel } = task.timestamps
  const ago = (end: number | undefined): string => (end === undefined ? '' : milliseconds(now - end))
  return [
    `${task.id}`,
    printable(task.name),
    printable(task.lane),
    task.state,
    milliseconds(task.waited),
    task.ran === undefined ? '' : milliseconds(task.ran),
    ago(timeout),
    ago(error),
    ago(done),
    ago(cancel),
    awaitsOf(task),
  ]
}

const MOST_NAMED = 3

function awaitsOf({ awaits }: TaskInfo): string {
  const named = awaits.slice(0, MOST_NAMED).map(printable)
  if (awaits.length > MOST_NAMED) named.push(`${awaits.length - MOST_NAMED} more`)
  return named.join(', ')
}

function milliseconds(duration: number): string {
  return Math.max(0, duration).toFixed(1)
}

/** A name on one line: cut if it is long, and nothing in it that a terminal would obey. */
function printable(name: string): string {
  // A prefix first, of two units a character at most: a name may be of any length.
  const text = name.slice(0, 2 * (LONGEST_NAME + 1)).replace(UNPRINTABLE, escaped)
  const characters = [...text]
  return characters.length <= LONGEST_NAME ? text : `${characters.slice(0, LONGEST_NAME - 1).join('')}…`
}

function escaped(character: string): string {
  if (character === '\n') return '\\n'
  if (character === '\t') return '\\t'
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}
