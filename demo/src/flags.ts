import { parseArgs } from 'node:util'

/** What the command line asks for. */
export type Flags =
  | { readonly kind: 'run'; readonly seconds: number }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly message: string }

const DEFAULT_SECONDS = 6
const MAX_SECONDS = 600

export const USAGE = `Usage: npm run demo -- [--seconds N] [--help]

Keeps every core busy with bulk work, sends an urgent task every 20 ms, and shows how long
the urgent tasks take: on an idle machine, with Multilane, and with one and two piscina pools.

  --seconds N  how long each of the four phases is measured, 1 to ${MAX_SECONDS} (default ${DEFAULT_SECONDS})
  --help       this text
`

export function readFlags(argv: readonly string[]): Flags {
  let values: { seconds?: string; help?: boolean }
  try {
    values = parseArgs({
      args: [...argv],
      options: { seconds: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
    }).values
  } catch (error) {
    return { kind: 'refused', message: (error as Error).message }
  }
  if (values.help === true) return { kind: 'help' }
  const given = values.seconds ?? String(DEFAULT_SECONDS)
  const seconds = Number(given)
  if (!/^\d+$/.test(given) || seconds < 1 || seconds > MAX_SECONDS) {
    return {
      kind: 'refused',
      message: `--seconds must be an integer from 1 to ${MAX_SECONDS}, not '${given}'`,
    }
  }
  return { kind: 'run', seconds }
}
