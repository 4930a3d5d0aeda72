import type {
  Acceptance,
  AcceptedJob,
  AttemptStart,
  Claim,
  IdempotencyKey,
  Recovery,
  Settlement,
} from '../job-store.js'

/** What may stand in a transaction of the store, by name. They cross to the write lane as they are. */
export interface WriteOperations {
  accept: { readonly group: readonly AcceptedJob[]; readonly key: IdempotencyKey | null }
  /** `number` tells this claim from all others of its owner. */
  claim: { readonly lane: string; readonly limit: number; readonly now: number; readonly number: number }
  start: { readonly id: string; readonly start: AttemptStart }
  settle: { readonly id: string; readonly settlement: Settlement }
  release: { readonly ids: readonly string[] }
  /** Undoes the claims of calls whose answers were lost. */
  abandon: { readonly claims: readonly number[]; readonly ids: readonly string[] }
  recover: Record<never, never>
  move: { readonly lanes: readonly string[]; readonly homes: Readonly<Record<string, string>> }
  cancel: { readonly id: string; readonly now: number }
  retry: { readonly id: string; readonly now: number }
  sweep: { readonly finishedBefore: number; readonly keep: number; readonly limit: number }
  probe: Record<never, never>
}

export interface WriteAnswers {
  accept: Acceptance
  claim: Claim
  start: null
  settle: null
  release: null
  abandon: null
  recover: Recovery
  move: number
  cancel: 'cancelled' | 'claimed' | 'finished' | 'unknown'
  retry: 'waiting' | 'unfinished' | 'succeeded' | 'unknown'
  sweep: number
  probe: null
}

export type WriteKind = keyof WriteOperations
export type WriteAnswer = WriteAnswers[WriteKind]

export type WriteOperation = { [K in WriteKind]: { readonly kind: K } & WriteOperations[K] }[WriteKind]

/** How one operation of a committed group went; it fails only where it broke a rule of the schema. */
export type WriteOutcome =
  | { readonly ok: true; readonly answer: WriteAnswer }
  | ({ readonly ok: false } & Failure)

export type CommitOutcome =
  | { readonly ok: true; readonly outcomes: readonly WriteOutcome[] }
  /** Nothing of the group was kept. */
  | ({ readonly ok: false } & Failure)

export interface Failure {
  /** SQLite's. */
  readonly code: string
  readonly message: string
}
