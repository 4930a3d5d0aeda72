import { createHmac } from 'node:crypto'

/** An order as it comes in from a shop: text, and the proof of who wrote it. */
export interface SignedOrder {
  /** The JSON of an Order, about 1 kB. */
  readonly body: string
  /** The body's HMAC, in hexadecimal. */
  readonly signature: string
}

export interface Order {
  readonly id: number
  readonly customer: { readonly name: string; readonly country: string }
  readonly lines: readonly {
    readonly article: string
    readonly description: string
    readonly quantity: number
    readonly cents: number
    readonly discountPercent: number
  }[]
}

/** An order, and the price that its pricing must come to. */
export interface PricedOrder {
  readonly order: SignedOrder
  readonly cents: number
}

const DEMO_KEY = 'for the demo only, and no secret'
const LINES = 8

export function sign(body: string): Buffer {
  return createHmac('sha256', DEMO_KEY).update(body).digest()
}

/** Makes orders whose prices are known, so that an answer can be told from a right answer. */
export function makeOrders(count: number): PricedOrder[] {
  return Array.from({ length: count }, (_, id) => {
    const order: Order = {
      id,
      customer: { name: `Customer ${id}`, country: id % 2 === 0 ? 'PT' : 'NO' },
      lines: Array.from({ length: LINES }, (_, line) => ({
        article: `A-${1000 + id * LINES + line}`,
        description: `Hex bolt, M${4 + line}, stainless, box of ${(line + 1) * 50}`,
        quantity: line + 1,
        cents: 100 * (line + 1),
        discountPercent: line % 2 === 0 ? 0 : 25,
      })),
    }
    const body = JSON.stringify(order)
    return { order: { body, signature: sign(body).toString('hex') }, cents: KNOWN_CENTS }
  })
}

/** Lines 1, 3, 5, 7 at the full price of 100 × line × line, and lines 2, 4, 6, 8 at three quarters of it. */
const KNOWN_CENTS = 100 * (1 + 9 + 25 + 49) + 75 * (4 + 16 + 36 + 64)
