import type { WriteOperation } from './sql/write-operations.js'

/**
 * What may have been claimed by calls that failed. A transaction whose answer was lost may still have been kept, and
 * its claims would then be held by an owner that does not know of them. They are given back with the next one.
 */
export class LostClaims {
  #claims: number[] = []
  #ids: string[] = []

  /** @param operations of a transaction that failed, or whose outcome nobody knows */
  add(operations: readonly WriteOperation[]): void {
    for (const operation of operations) {
      if (operation.kind === 'claim') this.#claims.push(operation.number)
      if (operation.kind === 'accept') {
        for (const job of operation.group) if (job.claimed) this.#ids.push(job.id)
      }
      if (operation.kind === 'abandon') {
        this.#claims.push(...operation.claims)
        this.#ids.push(...operation.ids)
      }
    }
  }

  get any(): boolean {
    return this.#claims.length > 0 || this.#ids.length > 0
  }

  /** What is to go first in the next transaction; undefined if nothing was lost. */
  take(): WriteOperation | undefined {
    if (!this.any) return undefined
    const abandon = { kind: 'abandon', claims: this.#claims, ids: this.#ids } as const
    this.#claims = []
    this.#ids = []
    return abandon
  }
}
