import type { Account, Ending, Entry } from './ledger.js'

export const DONE: Ending = { state: 'DONE', code: undefined, value: 0, at: 1_000, started: true }

export function failed(code: string): Ending {
  return { state: 'FAILED', code, value: undefined, at: 1_000, started: true }
}

export function entryOf(changes: Partial<Entry> = {}): Entry {
  return {
    task: 0,
    lane: 'doomed',
    name: 'give',
    retries: 0,
    idempotent: false,
    transfers: false,
    limited: false,
    signalled: false,
    key: null,
    after: [],
    callbacks: ['submit', 'start', 'done'],
    refusal: undefined,
    cancels: 0,
    isCancelling: false,
    end: DONE,
    ends: 1,
    ...changes,
  }
}

/** Of one task, beside one that did something to its thread. */
export function accountOf(entry: Entry, changes: Partial<Account> = {}): Account {
  return {
    entries: [entry, entryOf({ task: 1, end: { ...DONE, value: 1 } })],
    deeds: [],
    waits: [],
    settledAt: Number.POSITIVE_INFINITY,
    losses: [],
    runs: () => 1,
    endings: [],
    untold: new Set(),
    leaving: new Set(['relief']),
    misjudged: new Set(),
    fragile: new Map([['fragile', 2]]),
    dropping: new Set(['shedding']),
    bounded: new Set(['calm']),
    roomy: new Set(['elastic']),
    startFailed: false,
    ...changes,
  }
}
