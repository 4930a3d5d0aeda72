const BYTES: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  kB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
}

const FORM = /^(\d{1,15})(B|kB|MB|GB|KiB|MiB|GiB)?$/

export const SIZE_SAMPLES = '65536, 500kB, 64KiB or 1MiB'

/**
 * Reads a size such as `1MiB`, `64KiB` or `500kB`; digits alone are bytes.
 *
 * @returns bytes; undefined if the text is anything else or past the safe integers
 */
export function parseSize(text: string): number | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const bytes = Number(match[1]) * (BYTES[match[2] ?? ''] ?? Number.NaN)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}
