import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { repoRoot } from '../support/repo-root.js'

export interface CommandResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Set by an npm that runs the tests; an npm run from them would take it for its own, and our folder for its. */
const OF_THE_OUTER_NPM = /^npm_(?:config_(?:local_)?prefix|config_workspaces?|package_|lifecycle_)/

function plainEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !OF_THE_OUTER_NPM.test(name))
  const { FORCE_COLOR: _, ...environment } = Object.fromEntries(kept)
  return { ...environment, NO_COLOR: '1' }
}

/**
 * Runs a program to its end; one that could not be started, or was killed, has code -1.
 *
 * @param timeout milliseconds after which it is killed; 0 for never
 */
export function run(
  program: string,
  args: readonly string[],
  cwd: string,
  timeout = 0,
): Promise<CommandResult> {
  const shell = process.platform === 'win32' && program === 'npm'
  return new Promise(resolve => {
    execFile(
      program,
      [...args],
      { cwd, env: plainEnvironment(), shell, timeout, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1
        resolve({ code, stdout, stderr: code === -1 ? `${stderr}${error?.message}` : stderr })
      },
    )
  })
}

/** Runs a script of one of the repository's own packages: `typescript`, `bin/tsc`. */
export function runTool(name: string, script: string, args: readonly string[], cwd = repoRoot) {
  return run(process.execPath, [join(repoRoot, 'node_modules', name, script), ...args], cwd)
}

/** What the program printed; throws, with all it said, if it failed. */
export function outputOf({ code, stdout, stderr }: CommandResult): string {
  if (code !== 0) throw new Error(`it ended with code ${code}\n${stdout}\n${stderr}`)
  return stdout
}
