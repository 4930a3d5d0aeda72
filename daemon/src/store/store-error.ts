/**
 * `unavailable`: it may work later (a full disk, a write error, a store thread that is being replaced). `damaged`: the
 * store needs a person. `held`: another daemon has it.
 */
export type StoreErrorKind = 'unavailable' | 'damaged' | 'held'

const CODES = {
  unavailable: 'ERR_STORE_UNAVAILABLE',
  damaged: 'ERR_STORE_DAMAGED',
  held: 'ERR_STORE_HELD',
} as const

export class StoreError extends Error {
  readonly kind: StoreErrorKind
  readonly code: (typeof CODES)[StoreErrorKind]

  constructor(kind: StoreErrorKind, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'StoreError'
    this.kind = kind
    this.code = CODES[kind]
  }
}
