import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { repoRoot } from '../repo-root.js'
import { SHARED } from '../shared-folder.js'
import { discover, sourceOf } from './discover.js'
import { judge, type Verdict } from './judge.js'
import { parseOptions, type RunnerOptions, USAGE } from './options.js'
import { closingLine, fileReport, isGreen, outputReport, type Tally, tally } from './report.js'
import { runFile } from './run-file.js'
import { longestFirst, takeTurns } from './take-turns.js'
import { ownTimeLimit } from './time-limit.js'
import { treeProblems } from './tree-problems.js'

const INTERRUPTED = 130
const MISUSED = 2

function ownLimit(file: string, options: RunnerOptions): number | undefined {
  const own = ownTimeLimit(readFileSync(join(options.sources, sourceOf(file)), 'utf8'))
  return own.kind === 'set' ? own.limit : undefined
}

async function runAndReport(file: string, options: RunnerOptions, signal: AbortSignal): Promise<Verdict> {
  const limit = ownLimit(file, options) ?? options.limit
  const run = await runFile(resolve(options.root, file), { limit, now: () => performance.now(), signal })
  const verdict = judge(run)
  if (signal.aborted) return verdict
  console.log(fileReport(file, verdict, run.duration))
  if (options.verbose || verdict.reasons.length > 0) console.log(outputReport(run.output))
  return verdict
}

async function runAll(options: RunnerOptions, signal: AbortSignal): Promise<Tally> {
  const discovery = discover(options.root, options.sources, options.filters)
  for (const path of discovery.stale) console.log(`left out ${path}: its source is gone`)
  const problems = treeProblems(discovery, options.sources)
  for (const problem of problems) console.log(`FAIL ${problem}`)

  const verdicts: Tally[] = problems.map(() => ({ passed: 0, failed: 1, skipped: 0 }))
  const files = longestFirst(discovery.files, file => ownLimit(file, options))
  const shared = mkdtempSync(join(tmpdir(), 'multilane-tests-'))
  process.env[SHARED] = shared
  try {
    await takeTurns(files, options, async file => {
      if (!signal.aborted) verdicts.push(await runAndReport(file, options, signal))
    })
  } finally {
    rmSync(shared, { recursive: true, force: true })
  }
  return tally(verdicts)
}

function readOptions(): RunnerOptions | undefined {
  try {
    return parseOptions(process.argv.slice(2), repoRoot)
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return undefined
  }
}

const options = readOptions()
if (options === undefined) {
  process.exitCode = MISUSED
} else {
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupt.abort())
  const sum = await runAll(options, interrupt.signal)
  if (interrupt.signal.aborted) {
    process.exitCode = INTERRUPTED
  } else {
    console.log(closingLine(sum))
    process.exitCode = isGreen(sum) ? 0 : 1
  }
}
