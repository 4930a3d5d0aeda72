import { encodeError } from '../bridge/error-codec.js'
import { pathToUncloneable } from '../bridge/uncloneable.js'
import { ResultNotCloneableError } from '../core/errors.js'
import type { SyncAnswer } from './sync-call.js'

/** A buffer of more is never cloned. */
const MOST_BYTES = 2 ** 32 - 1
const TYPED_ARRAY: object = Object.getPrototypeOf(Uint8Array.prototype)

/**
 * What a `SyncTask`'s function has returned, as it is certain to leave the thread. What could not leave would never arrive,
 * nobody would be told, and by then nobody could end the task.
 *
 * Of an object that is a copy: nothing in it refuses to be read once more, or takes for ever over it.
 */
export function answerOf(value: unknown): SyncAnswer {
  if (isSureToLeave(value)) return { value }
  try {
    return { value: structuredClone(value) }
  } catch (cause) {
    // It may be that it could be read but once.
    const path = pathToUncloneable(value, 'result') ?? 'result'
    return { error: encodeError(new ResultNotCloneableError(path, { cause })) }
  }
}

function isSureToLeave(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return ArrayBuffer.isView(value) && areThere(value)
  return typeof value !== 'function' && typeof value !== 'symbol'
}

/** Of bytes it is known without a copy, which would cost as much as to send them; those that are shared are not copied. */
function areThere(view: ArrayBufferView): boolean {
  const methods = view instanceof DataView ? DataView.prototype : TYPED_ARRAY
  try {
    // As the engine has it, whatever its class makes of it. Where the buffer has gone, or has shrunk, no bytes are left.
    const length: number = Reflect.get(methods, 'byteLength', view)
    const buffer: object = Reflect.get(methods, 'buffer', view)
    const whole: number = Reflect.get(ArrayBuffer.prototype, 'byteLength', buffer)
    return length > 0 && whole <= MOST_BYTES
  } catch {
    // Shared memory, or a DataView without its bytes: a copy tells which.
    return false
  }
}
