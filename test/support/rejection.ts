import * as assert from 'uvu/assert'

type Class<E> = abstract new (...args: never[]) => E

/** What a promise rejects with, whatever that is; fails if it does not reject. */
export async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown
  try {
    value = await promise
  } catch (reason) {
    return reason
  }
  throw new Error(`it should have rejected, and resolved to ${JSON.stringify(value)}`)
}

/** The error a promise rejects with; fails if it is of another class. */
export async function rejectionOf<E>(promise: Promise<unknown>, errorClass: Class<E>): Promise<E> {
  const reason = await reasonOf(promise)
  assert.instance(reason, errorClass, `${reason}`)
  return reason as E
}

/** The error a call throws; fails if it is of another class. */
export function thrownBy<E>(call: () => unknown, errorClass: Class<E>): E {
  try {
    call()
  } catch (error) {
    assert.instance(error, errorClass, `${error}`)
    return error as E
  }
  throw new Error('it should have thrown')
}
