import type { Verdict } from './judge.js'

export interface Tally {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export function tally(verdicts: readonly Tally[]): Tally {
  return verdicts.reduce<Tally>(
    (sum, { passed, failed, skipped }) => ({
      passed: sum.passed + passed,
      failed: sum.failed + failed,
      skipped: sum.skipped + skipped,
    }),
    { passed: 0, failed: 0, skipped: 0 },
  )
}

/** Read by machines too: it is the last line, alone, and no other line looks like it. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`
}

export function isGreen({ passed, failed }: Tally): boolean {
  return failed === 0 && passed > 0
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}

function indented(text: string): string[] {
  return text
    .trimEnd()
    .split('\n')
    .map(line => `  | ${line}`.trimEnd())
}

export function fileReport(file: string, verdict: Verdict, duration: number): string {
  const mark = verdict.reasons.length === 0 ? 'ok  ' : 'FAIL'
  const because = verdict.reasons.length === 0 ? '' : `: ${verdict.reasons.join('; ')}`
  const line = `${mark} ${file} (${closingLine(verdict)}, ${seconds(duration)})${because}`
  return [line, ...verdict.skips.map(skip => `     ${skip}`)].join('\n')
}

/** Behind a rule on the left, so that what a test prints is never taken for what the runner says. */
export function outputReport(output: string): string {
  return output.trim() === '' ? '  | (no output)' : indented(output).join('\n')
}
