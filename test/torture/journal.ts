import { readlinkSync } from 'node:fs'
import { basename } from 'node:path'

/** A task has submitted another. Written before it does. */
export interface SubmitNote {
  readonly what: 'submit'
  readonly task: number
  /** Who submits it. */
  readonly parent: number
  /** The thread that it is submitted on. */
  readonly thread: number
  readonly lane: string
  readonly name: string
  readonly at: number
  readonly retries: number
  readonly idempotent: boolean
  readonly transfers: boolean
  readonly limited: boolean
  readonly signalled: boolean
  readonly key: string | null
  /** After which tasks it is to start. */
  readonly after: readonly number[]
}

/** It was not accepted. */
export interface RefuseNote {
  readonly what: 'refuse'
  readonly task: number
  readonly code: string
}

/** A callback was called. */
export interface TellNote {
  readonly what: 'tell'
  readonly task: number
  readonly callback: string
  readonly at: number
  readonly started: boolean
  readonly code?: string
  readonly cause?: string | undefined
  readonly value?: unknown
  readonly holders?: readonly string[]
}

/** A task cancels another. Written before it does. */
export interface CancelNote {
  readonly what: 'cancel'
  readonly task: number
}

/** What that has come to. */
export interface CancelledNote {
  readonly what: 'cancelled'
  readonly task: number
  readonly decided: boolean
}

/** How a task waits: `result`, or with a limit, or synchronously. */
export type WaitKind = 'result' | 'wait' | 'resultSync' | 'waitSync'

/** A task begins to wait for another. */
export interface WaitNote {
  readonly what: 'wait'
  readonly wait: number
  readonly waiter: number
  readonly thread: number
  readonly awaited: number
  readonly kind: WaitKind
  readonly at: number
}

/** It waits no more. */
export interface WaitedNote {
  readonly what: 'waited'
  readonly wait: number
  readonly at: number
  readonly code?: string
  readonly value?: unknown
  /** Whether the task that waited fails with it. */
  readonly through: boolean
}

export type Note = SubmitNote | RefuseNote | TellNote | CancelNote | CancelledNote | WaitNote | WaitedNote

const MOST_TASKS = 8_000
const MOST_NOTES = 131_072
/** Of one note: its length, and then its text. */
const ROOM = 512
const CURSOR = 0
const COUNTERS = { tasks: 1, waits: 2 } as const
const HEAD = 3

/** What threads write into, and the one who reads it may do so after they have died. */
export interface JournalMemory {
  readonly heads: Int32Array
  readonly text: Uint8Array
}

export function newJournal(): JournalMemory {
  return {
    heads: new Int32Array(new SharedArrayBuffer(4 * (HEAD + MOST_NOTES))),
    text: new Uint8Array(new SharedArrayBuffer(ROOM * MOST_NOTES)),
  }
}

/** A number that none has had. */
export function nextNumber({ heads }: JournalMemory, of: keyof typeof COUNTERS): number {
  return Atomics.add(heads, COUNTERS[of], 1)
}

/** Whether there is room for what one more task may have to say. */
export function hasRoom({ heads }: JournalMemory): boolean {
  return Atomics.load(heads, COUNTERS.tasks) < MOST_TASKS && Atomics.load(heads, CURSOR) < MOST_NOTES / 2
}

export function note({ heads, text }: JournalMemory, said: Note): void {
  const at = Atomics.add(heads, CURSOR, 1)
  const bytes = Buffer.from(JSON.stringify(said))
  if (at >= MOST_NOTES || bytes.length > ROOM) throw new Error(`no room for ${bytes}`)
  text.set(bytes, at * ROOM)
  // The last of it: one who dies before has said nothing.
  Atomics.store(heads, HEAD + at, bytes.length)
}

/** All that has been said, in order. */
export function notesOf({ heads, text }: JournalMemory): Note[] {
  const notes: Note[] = []
  for (let at = 0; at < Atomics.load(heads, CURSOR); at++) {
    const length = Atomics.load(heads, HEAD + at)
    if (length > 0) notes.push(JSON.parse(Buffer.from(text.slice(at * ROOM, at * ROOM + length)).toString()))
  }
  return notes
}

/** What the system calls the present thread; 0 where it does not say. */
export function ownThread(): number {
  own ??= threadOf()
  return own
}

let own: number | undefined

function threadOf(): number {
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return 0
  }
}
