import type { FastifyRequest } from 'fastify'
import { dayFirst } from '../../local-time.js'
import { isJsonObject } from './json-object.js'
import { multipartFields } from './multipart-fields.js'
import { RequestError } from './request-error.js'
import { instantAfter, instantOf } from './when.js'

type Fields = Readonly<Record<string, unknown>>

const TEXT_FIELDS = { job_name: 256, date: 64, time: 64 }

const DAY = 86_400_000

/** What `POST /job` asks for. */
export interface JobForm {
  readonly jobName: string
  /** When to run it, as it was given. */
  readonly when: string
  /** Epoch milliseconds, not before `now`. */
  readonly dueAt: number
  readonly input?: unknown
}

/**
 * Reads the fields of `POST /job` from the body, a form or JSON, and those it lacks from the query. An empty field is
 * one that was not given, as browsers send those that were not filled in.
 *
 * @param now epoch milliseconds
 * @param bodyLimit bytes
 * @param goodName the name of a job, to be shown where one is missing
 * @throws RequestError
 */
export async function readJobForm(
  request: FastifyRequest,
  now: number,
  bodyLimit: number,
  goodName: string,
): Promise<JobForm> {
  const body = request.isMultipart() ? await multipartFields(request, bodyLimit) : (request.body ?? {})
  if (!isJsonObject(body)) {
    throw new RequestError(`The body must be a form or a JSON object with job_name, such as ${goodName}.`)
  }
  const query = request.query as Fields
  const text = (name: keyof typeof TEXT_FIELDS, good: string) => textField(name, [body, query], good)

  const jobName = text('job_name', goodName)
  const time = text('time', '30s')
  const date = text('date', goodDate(now))
  if (jobName === undefined) {
    throw new RequestError(`job_name is missing: give the name of a job, such as ${goodName}.`)
  }
  const when = time ?? date
  if (when === undefined) {
    throw new RequestError(
      `date or time is missing: give a date such as ${goodDate(now)}, or a time such as 30s.`,
    )
  }
  const instant = time === undefined ? instantOf(when) : instantAfter(when, now)
  if (instant === undefined) throw new RequestError(refusal(time === undefined ? 'date' : 'time', when, now))
  return { jobName, when, dueAt: Math.max(instant, now), ...inputIn(request, body, query) }
}

/** Tomorrow, as it is to be spelt. */
function goodDate(now: number): string {
  return dayFirst(now + DAY)
}

function textField(
  name: keyof typeof TEXT_FIELDS,
  sources: readonly Fields[],
  good: string,
): string | undefined {
  const most = TEXT_FIELDS[name]
  for (const source of sources) {
    const value = source[name]
    if (value === undefined || value === '') continue
    if (typeof value !== 'string') throw new RequestError(`${name} must be one text, such as ${good}.`)
    if (value.length > most) {
      throw new RequestError(`${name} has more than ${most} characters: give one such as ${good}.`)
    }
    return value
  }
  return undefined
}

function refusal(field: 'date' | 'time', given: string, now: number): string {
  const shown = JSON.stringify(given)
  if (field === 'time') {
    return `time ${shown} is not a time from now that ends by the year 9999: give one such as 30s, 2m, 1h, 4d or 2h30m.`
  }
  return `date ${shown} is not a date up to the year 9999: give one such as ${goodDate(now)}.`
}

// A form has texts only, and a text is a valid input of its own: which was meant could not be told.
function inputIn(request: FastifyRequest, body: Fields, query: Fields): { readonly input?: unknown } {
  const json = /^application\/(?:[\w.-]+\+)?json\b/i.test(request.headers['content-type'] ?? '')
  if ('input' in query || (!json && 'input' in body)) {
    throw new RequestError(
      'input is taken from JSON bodies only, such as {"job_name":"…","time":"0s","input":{}}.',
    )
  }
  return 'input' in body ? { input: body.input } : {}
}
