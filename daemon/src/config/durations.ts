const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

/** Each unit at most once, the greater first; `m` before `ms` is told apart by what follows it. */
const FORM = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/

const MOST_CHARACTERS = 32

/** A hundred years of 365 days: far past any use, and safe to add to the present time. In milliseconds. */
export const LONGEST_DURATION = 36_500 * 86_400_000

export const DURATION_SAMPLES = '500ms, 30s, 2m, 1h or 2h30m'

/**
 * Reads a duration such as `500ms`, `30s`, `2m`, `1h`, `4d` or `2h30m`: whole numbers with their units, each unit at
 * most once, the greater first, without blanks or a sign.
 *
 * @returns milliseconds, from 0 to {@link LONGEST_DURATION}; undefined if the text is anything else
 */
export function parseDuration(text: string): number | undefined {
  if (text === '' || text.length > MOST_CHARACTERS) return undefined
  const match = FORM.exec(text)
  if (match === null) return undefined
  let total = 0
  for (const [index, [, size]] of UNITS.entries()) total += Number(match[index + 1] ?? 0) * size
  return total <= LONGEST_DURATION ? total : undefined
}

/**
 * Writes a duration so that `parseDuration` reads the same number of milliseconds.
 *
 * @param ms a whole number from 0 to {@link LONGEST_DURATION}
 * @throws RangeError for any other number
 */
export function formatDuration(ms: number): string {
  if (!Number.isInteger(ms) || ms < 0 || ms > LONGEST_DURATION) {
    throw new RangeError(
      `a duration is a whole number of milliseconds from 0 to ${LONGEST_DURATION}, not ${ms}`,
    )
  }
  let rest = ms
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    rest -= count * size
    if (count > 0) text += `${count}${unit}`
  }
  return text === '' ? '0s' : text
}
