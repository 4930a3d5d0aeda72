import type { SourceFile } from './files.js'

/** The kinds of bulk work: the names of the functions in bulk-tasks. */
export const BULK_KINDS = ['hash', 'gzip', 'parse', 'minify'] as const
export type BulkKind = (typeof BULK_KINDS)[number]

export interface BulkJob {
  readonly kind: BulkKind
  readonly file: SourceFile
}

/** Minifying a file takes a hundred times as long as hashing it; in equal numbers there would be nothing but it. */
const ROUND: readonly BulkKind[] = ['hash', 'gzip', 'parse', 'hash', 'gzip', 'minify', 'hash', 'parse']

/** An endless list of jobs, the same for each who begins it, so that all phases have the same to do. */
export class BulkMix {
  readonly #files: readonly SourceFile[]
  readonly #given: Record<BulkKind, number> = { hash: 0, gzip: 0, parse: 0, minify: 0 }
  #next = 0

  constructor(files: readonly SourceFile[]) {
    this.#files = files
  }

  next(): BulkJob {
    const kind = ROUND[this.#next++ % ROUND.length]!
    return { kind, file: this.#files[this.#given[kind]++ % this.#files.length]! }
  }
}
