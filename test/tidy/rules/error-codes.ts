import { codeOf } from '../../support/source-text.js'

const CODE = /\bERR_[A-Z0-9_]+\b/g

/** The keys of the registry `ERROR_CODES = Object.freeze({ … })`; `undefined` if the text has none. */
export function registeredCodes(text: string): string[] | undefined {
  const code = codeOf(text)
  const start = /\bERROR_CODES\b[^=\n]*=[^{]*\{/.exec(code)
  if (start === null) return undefined
  const opened = start.index + start[0].length
  const body = code.slice(opened, code.indexOf('}', opened))
  return [...body.matchAll(/\b(ERR_[A-Z0-9_]+)\s*:/g)].map(match => match[1] ?? '')
}

/** The codes that have a heading of their own, or a table row that begins with them. */
export function documentedCodes(markdown: string): string[] {
  return markdown
    .split('\n')
    .filter(line => /^#{1,6}\s/.test(line) || /^\s*\|\s*[`*[]*ERR_/.test(line))
    .flatMap(line => (line.startsWith('#') ? [...line.matchAll(CODE)] : [...line.matchAll(CODE)].slice(0, 1)))
    .map(match => match[0])
}

export function compareCodes(registered: readonly string[], documented: readonly string[]): string[] {
  const docs = new Set(documented)
  const registry = new Set(registered)
  return [
    ...registered
      .filter(code => !docs.has(code))
      .map(code => `${code}: give it a heading or a table row in docs/errors.md.`),
    ...documented
      .filter(code => !registry.has(code))
      .map(code => `${code}: docs/errors.md describes it, ERROR_CODES in src/core/errors.ts has it not.`),
    ...documented
      .filter((code, index) => documented.indexOf(code) !== index)
      .map(code => `${code}: describe it once in docs/errors.md.`),
  ]
}
