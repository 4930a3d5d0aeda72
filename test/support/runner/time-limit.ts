const HEAD_LINES = 10
const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 }

export type OwnTimeLimit =
  | { readonly kind: 'none' }
  | { readonly kind: 'set'; readonly limit: number }
  | { readonly kind: 'unreadable'; readonly message: string }

/**
 * The limit a test file sets for itself by a line such as `// @time-limit 90s` among its first ten. One that
 * cannot be read is reported: guessing would give the file a limit nobody chose.
 */
export function ownTimeLimit(source: string): OwnTimeLimit {
  for (const line of source.split('\n', HEAD_LINES)) {
    const comment = /^\s*\/\/\s*@time-limit\b(.*)$/.exec(line)
    if (!comment) continue
    const [, amount, unit] = /^\s+([1-9]\d{0,6})\s?(ms|s|m)\s*$/.exec(comment[1] ?? '') ?? []
    const factor = UNIT_MS[unit ?? '']
    if (factor !== undefined) return { kind: 'set', limit: Number(amount) * factor }
    return { kind: 'unreadable', message: `Write the limit as 500ms, 60s or 2m, not '${line.trim()}'.` }
  }
  return { kind: 'none' }
}
