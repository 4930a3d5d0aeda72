import { stripVTControlCharacters } from 'node:util'

export interface Counts {
  readonly total: number
  readonly passed: number
  readonly skipped: number
}

export type Summary =
  | { readonly kind: 'one'; readonly counts: Counts }
  | { readonly kind: 'none' }
  | { readonly kind: 'several' }

const SUMMARY = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm

/** Reads the summary uvu prints last. Several of them cannot be told apart, so they are not added up. */
export function parseSummary(stdout: string): Summary {
  const plain = stripVTControlCharacters(stdout).replaceAll('\r\n', '\n')
  const [first, second] = [...plain.matchAll(SUMMARY)]
  if (first === undefined) return { kind: 'none' }
  if (second !== undefined) return { kind: 'several' }
  const [, total, passed, skipped] = first
  return { kind: 'one', counts: { total: Number(total), passed: Number(passed), skipped: Number(skipped) } }
}
