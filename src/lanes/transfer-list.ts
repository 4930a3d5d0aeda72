import { types } from 'node:util'
import { MessagePort } from 'node:worker_threads'
import { InvalidArgumentError } from '../core/errors.js'

/** Those that need not be tried: a stream would have made ports of its own for nothing. */
const TRANSFERABLE = [MessagePort, ReadableStream, WritableStream, TransformStream]

const ACCEPTED = new Error('what is to be handed over was accepted')

/** No clone of it is ever made. What is to be handed over is looked at before, and is gone only after. */
const UNREADABLE = {
  get any(): never {
    throw ACCEPTED
  },
}

/**
 * Reads the option `transfer`. If the message failed on it later, nobody could tell that it was not the arguments.
 *
 * @returns a list of our own, null if it is empty
 * @throws InvalidArgumentError that names the first of its objects that cannot be handed over
 */
export function readTransfer(transfer: unknown): readonly object[] | null {
  if (!Array.isArray(transfer)) throw new InvalidArgumentError('transfer', 'an array', transfer)
  const items = new Set<object>()
  for (const [i, item] of transfer.entries()) {
    if (!isTransferable(item))
      throw new InvalidArgumentError(`transfer[${i}]`, 'a transferable object: of a view, its `buffer`', item)
    if (items.has(item))
      throw new InvalidArgumentError(`transfer[${i}]`, 'another object than those before it', item)
    items.add(item)
  }
  return items.size === 0 ? null : [...items]
}

function isTransferable(item: unknown): item is object {
  if (types.isArrayBuffer(item)) return true
  try {
    if (TRANSFERABLE.some(known => item instanceof known)) return true
    structuredClone(UNREADABLE, { transfer: [item as ArrayBuffer] })
    return false
  } catch (error) {
    return error === ACCEPTED
  }
}
