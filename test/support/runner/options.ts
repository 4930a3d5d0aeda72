import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export interface RunnerOptions {
  /** Where the compiled tests are. */
  readonly root: string
  /** Where the sources are that they were compiled from. */
  readonly sources: string
  /** How long a file may take, in milliseconds, unless it sets a limit of its own. */
  readonly limit: number
  /** How many files run at a time. */
  readonly jobs: number
  /** How many do at most, while the others leave cores idle. */
  readonly most: number
  readonly verbose: boolean
  /** Substrings of the paths of the files to run; none means all. */
  readonly filters: readonly string[]
}

export const USAGE = `Usage: node build/test/support/runner/cli.js [filter…] [options]
  --root DIR      the compiled tests (build/test)
  --sources DIR   what they were compiled from (test)
  --limit MS      time a file may take unless a comment in its head says otherwise (120000)
  --jobs N        files at a time (one for each core, and more while cores are idle)
  --verbose       show the output of every file, not only of failing ones`

/** Many files do little but wait for time to go by. */
const MOST_FOR_EACH_CORE = 3

function wholeNumber(option: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text))
    throw new TypeError(`--${option} takes a whole number above 0, not '${text}'`)
  return Number(text)
}

export function parseOptions(args: readonly string[], repoRoot: string): RunnerOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      root: { type: 'string', default: join(repoRoot, 'build', 'test') },
      sources: { type: 'string', default: join(repoRoot, 'test') },
      limit: { type: 'string', default: '120000' },
      jobs: { type: 'string' },
      verbose: { type: 'boolean', default: false },
    },
  })
  const cores = availableParallelism()
  const jobs = values.jobs === undefined ? cores : wholeNumber('jobs', values.jobs)
  return {
    root: values.root,
    sources: values.sources,
    limit: wholeNumber('limit', values.limit),
    jobs,
    most: values.jobs === undefined ? MOST_FOR_EACH_CORE * cores : jobs,
    verbose: values.verbose,
    filters: positionals,
  }
}
