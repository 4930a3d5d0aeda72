/** An error class of the user's own, registered on both sides. */
export class PaymentError extends Error {
  override name = 'PaymentError'
  readonly code = 'E_PAYMENT'
  readonly amount: number

  constructor(message: string, amount: number, options?: ErrorOptions) {
    super(message, options)
    this.amount = amount
  }

  get isSmall(): boolean {
    return this.amount < 10
  }
}

/** One that nobody registers. */
export class StockError extends RangeError {
  override name = 'StockError'
  readonly code = 'E_STOCK'
  readonly shelves = ['a', 'b']
}
