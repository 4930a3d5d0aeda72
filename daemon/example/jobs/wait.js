import { setTimeout } from 'node:timers/promises'

/** @typedef {import('multilaned').JobContext} JobContext */

/** A timer of Node's cannot wait longer. */
const LONGEST_TIMER = 2 ** 31 - 1

/**
 * Waits `valor` seconds without holding its thread, and ends at once when its signal says so.
 *
 * @param {unknown} input `{item, valor}`
 * @param {JobContext} context
 */
export async function wait(input, { signal }) {
  const { item, valor } = itemOf(input)
  let left = valor * 1000
  for (; left > LONGEST_TIMER; left -= LONGEST_TIMER) await setTimeout(LONGEST_TIMER, undefined, { signal })
  await setTimeout(left, undefined, { signal })
  return { item, waited: valor }
}

/**
 * @param {unknown} input
 * @returns {{ item: string, valor: number }}
 */
function itemOf(input) {
  if (typeof input === 'object' && input !== null && 'item' in input && 'valor' in input) {
    const { item, valor } = input
    if (typeof item === 'string' && typeof valor === 'number' && valor >= 0) return { item, valor }
  }
  throw new TypeError('the input must be such as {"item": "a", "valor": 2}')
}
