import type { JobError } from '../jobs/job.js'
import { toJobError } from './job-error.js'

/** How a job's own work ended, before its output is added. */
export type WorkEnd =
  | { readonly ok: true; readonly result: string | null }
  | { readonly ok: false; readonly error: JobError }

/** The largest result that is kept, in bytes of its JSON text. */
export const MAX_RESULT_BYTES = 1024 * 1024

/**
 * Makes JSON text of what a job returned.
 *
 * @returns null for undefined; for what JSON cannot hold an error with the code `ERR_RESULT_NOT_JSON`, and for more
 *   than 1 MiB of text one with `ERR_RESULT_TOO_LARGE`
 */
export function toWorkEnd(value: unknown): WorkEnd {
  if (value === undefined) return { ok: true, result: null }
  let text: string | undefined
  try {
    text = JSON.stringify(value)
  } catch (error) {
    return notJson(`the job's result cannot be JSON: ${toJobError(error).message}`)
  }
  if (text === undefined) return notJson(`the job returned a ${typeof value}, which cannot be JSON`)
  const size = Buffer.byteLength(text)
  if (size <= MAX_RESULT_BYTES) return { ok: true, result: text }
  const message = `the job's result is ${size} bytes of JSON; at most ${MAX_RESULT_BYTES} are kept`
  return failed('ResultTooLargeError', 'ERR_RESULT_TOO_LARGE', message)
}

function notJson(message: string): WorkEnd {
  return failed('ResultNotJsonError', 'ERR_RESULT_NOT_JSON', message)
}

export function failed(name: string, code: string, message: string): WorkEnd {
  return { ok: false, error: { name, message, code } }
}
