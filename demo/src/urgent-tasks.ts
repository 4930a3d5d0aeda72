import { timingSafeEqual } from 'node:crypto'
import { type Order, type SignedOrder, sign } from './orders.js'

/**
 * Checks who signed an order, and prices it.
 *
 * @returns cents
 */
export function priceOrder({ body, signature }: SignedOrder): number {
  const given = Buffer.from(signature, 'hex')
  const expected = sign(body)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new Error('the signature is not that of the order')
  }
  const order = JSON.parse(body) as Order
  let cents = 0
  for (const line of order.lines) {
    cents += Math.round((line.quantity * line.cents * (100 - line.discountPercent)) / 100)
  }
  return cents
}
