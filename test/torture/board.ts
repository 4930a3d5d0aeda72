import { type JournalMemory, newJournal, ownThread } from './journal.js'

/** What a task can do that ends a thread; the number is written on the board. */
export const ACTS = ['exit', 'heap', 'hold', 'ports', 'stall'] as const
export type Act = (typeof ACTS)[number]

/** That a thread of a lane was made to end, as the one who did it has written. */
export interface Deed {
  readonly act: Act
  /** The task that did it. */
  readonly task: number
  /** The thread that was to end, as the system calls it. */
  readonly thread: number
  /** Monotonic milliseconds. */
  readonly at: number
}

const MOST_TASKS = 65_536
/** The numbers from here on are those of tasks that tasks submit. */
export const FIRST_NESTED = 32_768
const MOST_DEEDS = 4_096
const DEED_FIELDS = 4
const CURSOR = 0
const OVERLAPS = 1
const FIRST_KEY = 2
export const KEYS = 8
/** Those of each lane are its own. */
const MOST_LANES = 12
const FIRST_TASK = FIRST_KEY + MOST_LANES * KEYS

/** Monotonic milliseconds, the same in all threads. */
export function sharedNow(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

/** What crosses to the lanes: all that is known of it there is how to write on it. */
export interface BoardMemory {
  readonly counts: Int32Array
  readonly deeds: Float64Array
  /** What tasks have to say of the tasks that they submit and wait for. */
  readonly journal: JournalMemory
}

export function newBoard(): BoardMemory {
  return {
    counts: new Int32Array(new SharedArrayBuffer(4 * (FIRST_TASK + MOST_TASKS))),
    deeds: new Float64Array(new SharedArrayBuffer(8 * DEED_FIELDS * MOST_DEEDS)),
    journal: newJournal(),
  }
}

/** A task has been called. */
export function noteRun({ counts }: BoardMemory, task: number): void {
  Atomics.add(counts, FIRST_TASK + task, 1)
}

/** How often a task has been called. */
export function runsOf({ counts }: BoardMemory, task: number): number {
  return Atomics.load(counts, FIRST_TASK + task)
}

/** Written before the deed, since nobody can write after it. */
export function noteDeed({ counts, deeds }: BoardMemory, task: number, act: Act): void {
  const at = DEED_FIELDS * Atomics.add(counts, CURSOR, 1)
  deeds[at] = ACTS.indexOf(act)
  deeds[at + 1] = task
  deeds[at + 2] = ownThread()
  deeds[at + 3] = sharedNow()
}

export function deedsOf({ counts, deeds }: BoardMemory): Deed[] {
  return Array.from({ length: Atomics.load(counts, CURSOR) }, (_, i) => ({
    act: ACTS[deeds[DEED_FIELDS * i]!]!,
    task: deeds[DEED_FIELDS * i + 1]!,
    thread: deeds[DEED_FIELDS * i + 2]!,
    at: deeds[DEED_FIELDS * i + 3]!,
  }))
}

/** The place of a key of a lane, which is given by its number. */
export function keyPlace(lane: number, key: number): number {
  return FIRST_KEY + lane * KEYS + key
}

/** A task of a key begins. One that dies in it never leaves, so that it is only who goes on that can see another. */
export function enterKey({ counts }: BoardMemory, place: number, task: number): void {
  Atomics.store(counts, place, task + 1)
}

/** A task of a key goes on: no other may have begun since. */
export function goOnInKey({ counts }: BoardMemory, place: number, task: number): void {
  if (Atomics.load(counts, place) !== task + 1) Atomics.add(counts, OVERLAPS, 1)
}

/** How often a task of a key went on after another had begun. */
export function overlapsOf({ counts }: BoardMemory): number {
  return Atomics.load(counts, OVERLAPS)
}
