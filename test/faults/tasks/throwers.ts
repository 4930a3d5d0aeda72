import { setTimeout as sleep } from 'node:timers/promises'
import { registerError } from 'multilane/task'
import { PaymentError, StockError } from './payment-error.js'

export * from './plain.js'

registerError(PaymentError)

export const HUGE = 10 * 1024 * 1024
export const DEEP = 1_000

const THROWABLE: Readonly<Record<string, unknown>> = {
  null: null,
  undefined: undefined,
  string: 'a string',
  number: 42,
  object: { reason: 'plain', at: new Date(0) },
  function: () => 1,
  symbol: Symbol('thrown'),
  'object with a function': { inner: { handler: () => 1 } },
}

export function throwValue(which: string): never {
  throw THROWABLE[which]
}

export async function throwValueLater(which: string): Promise<never> {
  await sleep(1)
  throw THROWABLE[which]
}

const RETURNED: Readonly<Record<string, unknown>> = {
  function: () => 1,
  symbol: Symbol('returned'),
  nested: { list: [1, { handler: () => 1 }] },
  map: new Map([['key', () => 1]]),
}

export function give(which: string): unknown {
  return RETURNED[which]
}

export async function giveLater(which: string): Promise<unknown> {
  await sleep(1)
  return RETURNED[which]
}

/** What is returned has a `then` that throws when it is looked at. */
export function giveUnreadable(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

export function throwPayment(): never {
  const innermost = new RangeError('innermost')
  throw new PaymentError('declined', 12, { cause: new TypeError('inner', { cause: innermost }) })
}

export async function throwStockLater(): Promise<never> {
  await sleep(1)
  throw new StockError('none left')
}

export function throwAggregate(): never {
  throw new AggregateError([new TypeError('first'), new PaymentError('second', 5), 'third'], 'many')
}

export function throwCycle(): never {
  const one = new Error('one')
  const two = new TypeError('two', { cause: one })
  one.cause = two
  throw one
}

export async function throwAborted(): Promise<never> {
  await fetch('http://127.0.0.1:1/', { signal: AbortSignal.abort() })
  throw new Error('it should have been aborted')
}

export function throwHuge(): never {
  throw new Error('m'.repeat(HUGE))
}

export function throwDeep(): never {
  let error = new Error('0')
  for (let depth = 1; depth < DEEP; depth++) error = new Error(`${depth}`, { cause: error })
  throw error
}

/** Errors whose own parts throw, or cannot be cloned, when they are looked at. */
export function throwHostile(): never {
  const error = new Error('hostile')
  Object.defineProperty(error, 'trap', {
    enumerable: true,
    get() {
      throw new Error('do not look')
    },
  })
  throw Object.assign(error, { handler: () => 1, kept: 'yes' })
}
