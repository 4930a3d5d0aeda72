import { join } from 'node:path'
import { parseArgs } from 'node:util'

export interface RunnerOptions {
  /** Where the compiled tests are. */
  readonly root: string
  /** Where the sources are that they were compiled from. */
  readonly sources: string
  /** How long a file may take, in milliseconds, unless it sets a limit of its own. */
  readonly limit: number
  readonly jobs: number
  readonly verbose: boolean
  /** Substrings of the paths of the files to run; none means all. */
  readonly filters: readonly string[]
}

export const USAGE = `Usage: node build/test/support/runner/cli.js [filter…] [options]
  --root DIR      the compiled tests (build/test)
  --sources DIR   what they were compiled from (test)
  --limit MS      time a file may take unless a comment in its head says otherwise (120000)
  --jobs N        files at a time (1: timing-sensitive tests want the machine to themselves)
  --verbose       show the output of every file, not only of failing ones`

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
      jobs: { type: 'string', default: '1' },
      verbose: { type: 'boolean', default: false },
    },
  })
  return {
    root: values.root,
    sources: values.sources,
    limit: wholeNumber('limit', values.limit),
    jobs: wholeNumber('jobs', values.jobs),
    verbose: values.verbose,
    filters: positionals,
  }
}
