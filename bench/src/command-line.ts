import { parseArgs } from 'node:util'

export interface Command {
  /** The suites to run; none means all. */
  readonly suites: readonly string[]
  readonly rounds: number | undefined
  /** Where to write every figure. */
  readonly json: string | undefined
  readonly markdown: boolean
  readonly quick: boolean
  readonly help: boolean
}

export const USAGE = `npm run bench -- [suite…] [--rounds N] [--json FILE] [--markdown] [--quick]

  suite…       the suites to run, each by its name or by how it begins (daemon for all of the daemon's); all of them
               if none is named
  --rounds N   so many interleaved rounds, in place of each suite's own number
  --json FILE  writes every figure of every round to a file
  --markdown   prints the table in Markdown, with the machine it was measured on
  --quick      few and short rounds: shows that it works, its figures mean little`

/** @throws Error that says what is wrong with the arguments */
export function readCommand(args: readonly string[], known: readonly string[]): Command {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      json: { type: 'string' },
      markdown: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  const suites = positionals.flatMap(name => {
    const meant = known.filter(suite => suite === name || suite.startsWith(`${name}-`))
    if (meant.length === 0) throw new Error(`there is no suite '${name}', only ${known.join(', ')}`)
    return meant
  })
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds)
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0)) {
    throw new Error(`--rounds takes a whole number from 1, not '${values.rounds}'`)
  }
  const { json, markdown, quick, help } = values
  return { suites: [...new Set(suites)], rounds, json, markdown, quick, help }
}
