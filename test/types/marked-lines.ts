import type { Diagnostic } from './compiler.js'

/** The codes that lines of a fixture must fail with, where they say so: `// error: TS2345 TS2322`. */
export function markedErrors(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const codes = /\/\/ error: (TS\d+(?: TS\d+)*)$/.exec(line)?.[1]?.split(' ') ?? []
    if (codes.length === 0 && line.includes('// error'))
      throw new Error(`${file}:${index + 1}: unreadable mark`)
    return codes.map(code => `${file}:${index + 1} ${code}`)
  })
}

/** What differs between the errors a fixture names and those the compiler found; nothing, if all is well. */
export function differences(marked: readonly string[], found: readonly Diagnostic[]): string[] {
  const unseen = [...marked]
  const faults: string[] = []
  for (const { file, line, code, message } of found) {
    const expected = unseen.indexOf(`${file}:${line} ${code}`)
    if (expected >= 0) unseen.splice(expected, 1)
    else faults.push(`${file}:${line} fails, and no mark says so: ${code} ${message}`)
  }
  return [
    ...faults,
    ...unseen.map(mark => `${mark} was to be found, and the line compiles or fails otherwise`),
  ]
}
