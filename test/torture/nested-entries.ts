import type { TaskState } from 'multilane'
import type { Note, SubmitNote, WaitKind } from './journal.js'
import type { Ending, Entry } from './ledger.js'

/** A wait of one task for another, as it is written down. */
export interface Wait {
  readonly waiter: number
  /** The thread of the one that waits. */
  readonly thread: number
  readonly awaited: number
  readonly kind: WaitKind
  readonly from: number
  /** Undefined while it lasts, or if the thread has died in it. */
  end:
    | { readonly at: number; readonly code?: string; readonly value?: unknown; readonly through: boolean }
    | undefined
}

/** What tasks have to say of those that they have submitted and waited for. */
export interface Told {
  readonly entries: readonly Entry[]
  readonly waits: readonly Wait[]
}

const STATES: Readonly<Record<string, TaskState>> = {
  done: 'DONE',
  error: 'FAILED',
  timeout: 'TIMED_OUT',
  cancel: 'CANCELED',
}

export function readJournal(notes: readonly Note[]): Told {
  const entries = new Map<number, Entry>()
  const waits = new Map<number, Wait>()
  for (const note of notes) {
    switch (note.what) {
      case 'submit':
        entries.set(note.task, entryOf(note))
        break
      case 'refuse':
        entries.get(note.task)!.refusal = note.code
        break
      case 'cancel':
        entries.get(note.task)!.isCancelling = true
        break
      case 'cancelled': {
        const entry = entries.get(note.task)!
        entry.isCancelling = false
        if (note.decided) entry.cancels++
        break
      }
      case 'tell': {
        const entry = entries.get(note.task)!
        entry.callbacks.push(note.callback)
        const state = STATES[note.callback]
        if (state === undefined) break
        entry.ends++
        entry.end = { code: undefined, value: undefined, ...note, state } satisfies Ending
        break
      }
      case 'wait': {
        const { waiter, thread, awaited, kind, at } = note
        waits.set(note.wait, { waiter, thread, awaited, kind, from: at, end: undefined })
        break
      }
      case 'waited':
        waits.get(note.wait)!.end = note
        break
    }
  }
  return { entries: [...entries.values()], waits: [...waits.values()] }
}

/** What has not ended, by the thread on which it would be told. */
export function openOf({ entries, waits }: Told): { readonly thread: number; readonly what: string }[] {
  const tasks = entries
    .filter(({ end, refusal }) => end === undefined && refusal === undefined)
    .map(({ task, name, lane, nested }) => ({
      thread: nested!.thread,
      what: `${name} ${task} on ${lane}, submitted by ${nested!.parent},`,
    }))
  const open = waits
    .filter(({ end }) => end === undefined)
    .map(({ waiter, awaited, kind, thread }) => ({ thread, what: `${kind} of ${waiter} for ${awaited}` }))
  return [...tasks, ...open]
}

function entryOf({ what: _, parent, thread, at, ...terms }: SubmitNote): Entry {
  return {
    ...terms,
    nested: { parent, thread, at },
    callbacks: [],
    refusal: undefined,
    cancels: 0,
    isCancelling: false,
    end: undefined,
    ends: 0,
  }
}
