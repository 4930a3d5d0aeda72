/** Instants as the services write them: in the daemon's own time zone, to the second. */

/** @param instant epoch milliseconds @returns `DD-MM-YYYY HH:MM:SS` */
export function dayFirst(instant: number): string {
  const { year, month, day, time } = partsOf(instant)
  return `${day}-${month}-${year} ${time}`
}

/** @param instant epoch milliseconds @returns `YYYY-MM-DD HH:MM:SS` */
export function yearFirst(instant: number): string {
  const { year, month, day, time } = partsOf(instant)
  return `${year}-${month}-${day} ${time}`
}

interface DateParts {
  readonly year: string
  readonly month: string
  readonly day: string
  readonly time: string
}

function partsOf(instant: number): DateParts {
  const date = new Date(instant)
  return {
    year: padded(date.getFullYear(), 4),
    month: padded(date.getMonth() + 1, 2),
    day: padded(date.getDate(), 2),
    time: [date.getHours(), date.getMinutes(), date.getSeconds()].map(part => padded(part, 2)).join(':'),
  }
}

function padded(value: number, length: number): string {
  return `${value}`.padStart(length, '0')
}
