const { then } = Promise.prototype

/** Whether a value can be a thenable: a function can, too. */
export function mayHaveThen(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

/**
 * A promise of what a thenable comes to, whose `then` is called in the present asynchronous context: a query that begins
 * with it is the task's.
 *
 * @returns what the function has returned, if that is a promise or nothing of the kind
 */
export function adopt(returned: unknown): unknown {
  if (!mayHaveThen(returned)) return returned
  try {
    if (returned instanceof Promise || typeof (returned as { then?: unknown }).then !== 'function')
      return returned
    return Promise.resolve(returned)
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}

/**
 * Goes on when what a function has returned is settled, if it is a promise or another thenable. Nothing it is made of
 * can throw here: a `then` that cannot be read is a rejection, and a promise's own `then` is not asked, as by `await`.
 *
 * @param returned what `mayHaveThen`
 * @returns whether it is a thenable; if not, nothing is called
 */
export function whenSettled(
  returned: object,
  fulfilled: (value: unknown) => void,
  rejected: (thrown: unknown) => void,
): boolean {
  let promise: Promise<unknown>
  try {
    if (typeof (returned as { then?: unknown }).then !== 'function') return false
    promise = Promise.resolve(returned)
  } catch (thrown) {
    promise = Promise.reject(thrown)
  }
  then.call(promise, fulfilled, rejected)
  return true
}
