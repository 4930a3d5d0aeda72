// @time-limit 60s
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LaneError, type LaneOptions, SchedulerThread } from 'multilane'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'
import { rejectionOf } from '../support/rejection.js'
import type * as keyed from './tasks/keyed.js'
import { AT_IT, ENTRIES, OVERLAPS } from './tasks/keyed.js'

const test = suite('lanes: one order of a key for all who submit')

const tasks = new URL('./tasks/keyed.js', import.meta.url)

const MAIN = 1
const ONE = 2
const OTHER = 3

type Names = 'one' | 'other' | 'books'

const start = (options: LaneOptions = {}) =>
  SchedulerThread.start<typeof keyed, Names>({
    tasks,
    lanes: { one: {}, other: {}, books: { threads: 2, concurrency: 4, grace: 10_000, ...options } },
  })

const newBooks = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(4 * 1_000))

/** Who has made the entries, in order. */
const entered = (books: Int32Array): number[] => [
  ...books.slice(ENTRIES + 1, ENTRIES + 1 + Atomics.load(books, ENTRIES)),
]

test('tasks of a key run one after another, whoever has submitted them', async () => {
  await using scheduler = await start()
  const { one, other, books: lane } = scheduler.lanes
  const books = newBooks()
  const key = 'account'
  // From before anybody else has tasks of a key.
  const own = Array.from({ length: 20 }, () => lane.run('enter', [books.buffer, MAIN, 1], { key }))
  await Promise.all([
    ...own,
    one.run('enterMany', [books.buffer, ONE, 20, key]),
    other.run('enterMany', [books.buffer, OTHER, 20, key]),
  ])
  assert.is(books[OVERLAPS], 0)
  assert.is(books[ENTRIES], 60)
  // Nobody is let wait until another has done with all.
  const order = entered(books)
  for (const who of [ONE, OTHER]) assert.ok(order.indexOf(who) < order.lastIndexOf(MAIN), order.join())
})

test('those of other keys run beside them', async () => {
  await using scheduler = await start()
  const { one, other, books: lane } = scheduler.lanes
  const books = newBooks()
  await Promise.all([
    one.run('enterMany', [books.buffer, ONE, 50, 'one']),
    other.run('enterMany', [books.buffer, OTHER, 50, 'other']),
    ...Array.from({ length: 50 }, () => lane.run('enter', [books.buffer, MAIN, 1], { key: 'main' })),
  ])
  assert.is(books[ENTRIES], 150)
  assert.ok(books[OVERLAPS]! > 0)
})

test('while the thread that made the scheduler is blocked, the others go on with keys that it has not', async () => {
  await using scheduler = await start()
  const { one, other, books: lane } = scheduler.lanes
  const books = newBooks()
  // It had keys before, and has none now.
  await lane.run('enter', [books.buffer, MAIN, 1], { key: 'account' })
  const told = [
    one.run('enterMany', [books.buffer, ONE, 20, 'account']),
    other.run('enterMany', [books.buffer, OTHER, 20, 'account']),
  ]
  const deadline = performance.now() + 20_000
  // What was submitted leaves at the end of the turn.
  await Promise.resolve()
  while (Atomics.load(books, ENTRIES) < 41 && performance.now() < deadline) Atomics.wait(books, AT_IT, -1, 5)
  assert.is(Atomics.load(books, ENTRIES), 41)
  await Promise.all(told)
  assert.is(books[OVERLAPS], 0)
})

test('what a thread that has died left running keeps its key until it ends', async () => {
  await using scheduler = await start()
  scheduler.on('restart', () => {})
  const { one, books: lane } = scheduler.lanes
  const books = newBooks()
  const key = 'account'
  const dying = rejectionOf(one.run('enterAndExit', [books.buffer, ONE, 400, key]), LaneError)
  await eventually('it has begun', () => Atomics.load(books, AT_IT) === 1)
  await dying
  assert.is(await lane.run('enter', [books.buffer, MAIN, 1], { key }), 1)
  assert.equal(entered(books), [ONE, MAIN])
  assert.is(books[OVERLAPS], 0)
})

test('nor does it lose its key with the thread that runs it, until that has exited', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'multilane-key-'))
  try {
    await using scheduler = await start({ stallAfter: 100, onStall: 'terminate' })
    const lost: string[] = []
    scheduler.on('restart', ({ lane }) => lost.push(lane))
    const { one, books: lane } = scheduler.lanes
    const file = join(folder, 'made')
    const key = 'account'
    await rejectionOf(one.run('haveMadeAndExit', [file, 3_000, key]), LaneError)
    assert.is(await lane.run('isThere', [file], { key }), true)
    assert.equal(lost, ['books', 'one'])
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('who has the turn of a key and awaits a task of the same key is refused, wherever that comes from', async () => {
  await using scheduler = await start()
  const { books: lane } = scheduler.lanes
  const books = newBooks()
  const key = 'account'
  const [code, ...cycle] = (await lane.run('awaitEntry', [books.buffer, key], { key })).split('; ')
  assert.is(code, 'ERR_DEADLOCK')
  assert.equal([...cycle].sort(), [
    "key 'account' on lane 'books'",
    "task 'awaitEntry' on lane 'books'",
    "task 'enter' on lane 'books'",
  ])
  assert.is(await lane.run('awaitEntry', [books.buffer, 'another'], { key }).then(Number.isNaN), false)
  assert.is((await scheduler.stats()).strays, 0)
})

test.run()
