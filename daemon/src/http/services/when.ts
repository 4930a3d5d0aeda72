import { parseDuration } from '../../config/durations.js'

/** The latest instant a job can be scheduled to: the end of the year 9999, in epoch milliseconds. */
export const LATEST_INSTANT = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const CLOCK = String.raw`(?<hour>\d{2}):(?<minute>\d{2})`
const DAY_FIRST = new RegExp(
  String.raw`^(?<day>\d{2})-(?<month>\d{2})-(?<year>\d{4}) ${CLOCK}:(?<second>\d{2})$`,
)
const ISO_8601 = new RegExp(
  String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})` +
    String.raw`(?:[T ]${CLOCK}(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?` +
    String.raw`(?<zone>Z|[+-]\d{2}(?::?\d{2})?)?)?$`,
)
const ZONE = /^(?<sign>[+-])(?<hours>\d{2}):?(?<minutes>\d{2})?$/

/**
 * Reads a time from now on: `30s`, `2m`, `1h`, `4d`, `500ms`, `2h30m`, `0s`.
 *
 * @param now epoch milliseconds
 * @returns epoch milliseconds; undefined if it is no such time, or after {@link LATEST_INSTANT}
 */
export function instantAfter(text: string, now: number): number | undefined {
  const duration = parseDuration(text)
  if (duration === undefined) return undefined
  const instant = now + duration
  return instant <= LATEST_INSTANT ? instant : undefined
}

/**
 * Reads a date: `DD-MM-YYYY HH:MM:SS` in local time, or ISO 8601, in local time where it names no zone.
 *
 * A local time that the clocks leave out when they are put forward is taken as if they had not been, which shows as
 * the same distance after the change: 02:30 is 03:30. One that they show twice is the first of the two.
 *
 * @returns epoch milliseconds; undefined if it is no such date, or after {@link LATEST_INSTANT}
 */
export function instantOf(text: string): number | undefined {
  const parts = (DAY_FIRST.exec(text) ?? ISO_8601.exec(text))?.groups
  if (parts === undefined) return undefined
  const { year = '', month = '', day = '', hour = '00', minute = '00', second = '00', fraction = '0' } = parts
  if (!isDay(Number(year), Number(month), Number(day))) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const zone = zoneOf(parts.zone)
  if (zone === undefined) return undefined

  const milliseconds = fraction.padEnd(3, '0').slice(0, 3)
  const instant = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${milliseconds}${zone}`)
  return instant <= LATEST_INSTANT ? instant : undefined
}

// Date.parse takes the 31st of every month, and moves it on.
function isDay(year: number, month: number, day: number): boolean {
  if (month < 1 || month > 12 || day < 1) return false
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const longest = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  return day <= longest
}

/** @returns as Date.parse reads it, which takes no zone for local time; undefined if there is no such zone */
function zoneOf(zone: string | undefined): string | undefined {
  if (zone === undefined) return ''
  if (zone === 'Z') return zone
  const { sign = '', hours = '', minutes = '00' } = ZONE.exec(zone)?.groups ?? {}
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  return `${sign}${hours}:${minutes}`
}
