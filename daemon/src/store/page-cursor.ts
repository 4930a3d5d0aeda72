/**
 * Reads what a page's `next` told.
 *
 * @returns the last sequence of the page before; null for the first page
 * @throws RangeError
 */
export function pageCursor(after: string | undefined): number | null {
  if (after === undefined) return null
  if (!/^[0-9]{1,15}$/.test(after)) {
    throw new RangeError("after: it is not what a page told as its 'next'; leave it out for the first page")
  }
  return Number(after)
}
