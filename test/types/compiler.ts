import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runTool } from '../package/command.js'

export interface Diagnostic {
  /** Relative to the project; empty if the message is about no file. */
  readonly file: string
  readonly line: number
  readonly code: string
  readonly message: string
}

export interface CompileOptions {
  readonly files: readonly string[]
  readonly noEmit?: boolean
  readonly outDir?: string
  readonly skipLibCheck?: boolean
  readonly target?: string
  readonly lib?: readonly string[]
  readonly types?: readonly string[]
  readonly [option: string]: unknown
}

/** Each message of the compiler's plain output; the lines that explain one are indented and left out. */
export function parseDiagnostics(output: string): Diagnostic[] {
  return output.split('\n').flatMap(line => {
    const found = /^(?:(\S.*)\((\d+),\d+\): )?error (TS\d+): (.*)$/.exec(line.trimEnd())
    if (found === null) return []
    const [, file = '', lineNumber = '0', code = '', message = ''] = found
    return [{ file, line: Number(lineNumber), code, message }]
  })
}

/** Compiles files of a project as its owner would: strictly, with Node's module resolution. */
export async function compile(directory: string, options: CompileOptions): Promise<Diagnostic[]> {
  const { files, ...compilerOptions } = options
  const defaults = { strict: true, module: 'nodenext', target: 'es2022', types: [] }
  const config = { compilerOptions: { ...defaults, ...compilerOptions }, files }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))
  const { code, stdout, stderr } = await runTool(
    'typescript',
    'bin/tsc',
    ['-p', 'tsconfig.json', '--pretty', 'false'],
    directory,
  )
  const diagnostics = parseDiagnostics(stdout)
  if (code !== 0 && diagnostics.length === 0)
    throw new Error(`tsc ended with code ${code}\n${stdout}${stderr}`)
  return diagnostics
}

/** For a message: one line for each. */
export function listed(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(({ file, line, code, message }) => `${file}:${line} ${code} ${message}`).join('\n')
}
