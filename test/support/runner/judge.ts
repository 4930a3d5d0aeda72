import { SKIP_PREFIX } from '../skip.js'
import { parseSummary } from './parse-summary.js'
import type { FileRun } from './run-file.js'

export interface Verdict {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  /** Why the file is red; none means it is green. */
  readonly reasons: readonly string[]
  /** The tests left out on this machine, each with its reason. */
  readonly skips: readonly string[]
}

function reasonsOutside(run: FileRun, hasSummary: boolean): string[] {
  if (run.timedOut) {
    const where = hasSummary
      ? 'after its summary: something is still open, such as a thread, a timer, a port or a server'
      : 'before its summary'
    return [`ended by its limit of ${run.limit} ms ${where}`]
  }
  if (run.signal !== null) return [`ended by ${run.signal}`]
  return run.exitCode === 0 ? [] : [`exit code ${run.exitCode}`]
}

/** A file is green only if everything says so: counts, exit code, time and the process's own complaints. */
export function judge(run: FileRun): Verdict {
  const summary = parseSummary(run.stdout)
  const skips = run.stdout.split('\n').filter(line => line.startsWith(SKIP_PREFIX))
  const reasons = [...reasonsOutside(run, summary.kind !== 'none'), ...run.complaints]
  if (summary.kind !== 'one') {
    reasons.unshift(
      summary.kind === 'none' ? 'no summary' : 'several summaries, of which none can be trusted',
    )
    return { passed: 0, failed: 1, skipped: 0, reasons, skips }
  }

  const { total, passed, skipped } = summary.counts
  if (total === 0) reasons.unshift(skipped > 0 ? 'every test in it is skipped' : 'no test in it')
  else if (passed !== total) reasons.unshift(`${total - passed} of ${total} tests did not pass`)
  const failed = Math.max(total - passed, reasons.length > 0 ? 1 : 0)
  return { passed, failed, skipped, reasons, skips }
}
