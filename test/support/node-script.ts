import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ScriptEnd {
  /** The exit code, or the signal it was ended by: SIGKILL if it did not end by itself. */
  readonly end: number | NodeJS.Signals
  readonly stdout: string
  readonly stderr: string
}

const BOUND_MS = 30_000
/** Far more than any of them should write, and less than would hurt. */
const MOST_BYTES = 1 << 28

/**
 * Runs a compiled script in a process of its own, until that ends by itself.
 *
 * @param preloaded what each of its threads, workers included, runs first
 */
export function runScript(script: URL, preloaded?: URL): Promise<ScriptEnd> {
  return new Promise(resolve => {
    const options = { timeout: BOUND_MS, maxBuffer: MOST_BYTES, killSignal: 'SIGKILL' } as const
    const args = preloaded === undefined ? [] : ['--import', preloaded.href]
    const child = execFile(
      process.execPath,
      [...args, fileURLToPath(script)],
      options,
      (_, stdout, stderr) => {
        resolve({ end: child.exitCode ?? child.signalCode ?? 'SIGKILL', stdout, stderr })
      },
    )
  })
}
