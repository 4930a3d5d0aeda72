import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command, InvalidArgumentError } from 'commander'
import { banner } from './banner.js'
import { ConfigError } from './config/config-error.js'
import type { ConfigOverrides } from './config/config-overrides.js'
import { loadConfig } from './config/load-config.js'
import { createDaemon, type Daemon } from './daemon.js'
import { StoreError } from './store/store-error.js'

const EXAMPLE = fileURLToPath(new URL('../example/multilaned.yaml', import.meta.url))
const USUAL_CONFIG = 'multilaned.yaml'
const USUAL_DATA = 'multilaned-data'

const WORK_CUT_OFF = 1
const NOT_STARTED = 1
/** As a shell reports a process that a signal ended. */
const SIGNALLED = 128
const SIGNALS = { SIGINT: 2, SIGTERM: 15 } as const

interface Flags {
  readonly config?: string
  readonly host?: string
  readonly port?: number
  readonly data?: string
  readonly debug?: boolean
}

/**
 * The command `multilaned`: runs until it is told to stop.
 *
 * @param argv as in `process.argv`
 * @returns the exit code: 0 if every running job came to its end, 1 if not, or if the daemon could not start
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  const command = new Command('multilaned')
    .description('A job daemon: urgent jobs answer at once while bulk jobs burn every core.')
    .version(ownVersion())
    .option(
      '--config <file>',
      `the configuration (default: ./${USUAL_CONFIG} if it is there, else a shipped example)`,
    )
    .option('--host <address>', 'listen on this address')
    .option('--port <number>', 'listen on this TCP port; 0 for any free one', readPort)
    .option('--data <folder>', "the store's folder")
    .option('--debug', 'log more')
    .parse(argv)
  const flags = command.opts<Flags>()
  keepOnWithoutReaders()
  try {
    const { file, overrides } = settle(flags)
    const config = await loadConfig(file, { overrides, env: process.env })
    const starting = createDaemon(config)
    // From now on, so that a signal just after the first line, or before it, is no different from a later one.
    const stopped = untilStopped(starting)
    const served = starting.then(daemon => {
      console.log(banner(config, daemon.address))
      return stopped
    })
    return await Promise.race([served, stopped])
  } catch (error) {
    console.error(explain(error, flags.debug === true))
    return NOT_STARTED
  }
}

function ownVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return (manifest as { readonly version: string }).version
}

/** What jobs print comes out here too: that it cannot be written, or that nobody reads it, must not end the daemon. */
function keepOnWithoutReaders(): void {
  for (const output of [process.stdout, process.stderr]) output.on('error', () => {})
}

/** The shipped example lies where no user wants to find a store. */
function settle({ config, ...overrides }: Flags): { file: string; overrides: ConfigOverrides } {
  if (config !== undefined) return { file: config, overrides }
  if (existsSync(USUAL_CONFIG)) return { file: USUAL_CONFIG, overrides }
  return { file: EXAMPLE, overrides: { data: join(process.cwd(), USUAL_DATA), ...overrides } }
}

function readPort(text: string): number {
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('Write a TCP port from 0 to 65535.')
  return port
}

/** The first signal stops the daemon in good order; the next one at once, also while it still starts. */
function untilStopped(starting: Promise<Daemon>): Promise<number> {
  let isStarting = true
  const started = () => {
    isStarting = false
  }
  starting.then(started, started)
  return new Promise(resolve => {
    let signals = 0
    for (const signal of Object.keys(SIGNALS) as (keyof typeof SIGNALS)[]) {
      const interrupted = SIGNALLED + SIGNALS[signal]
      process.on(signal, () => {
        signals++
        if (isStarting && signals > 1) resolve(interrupted)
        stop(starting).then(resolve, error => {
          console.error(explain(error, true))
          resolve(interrupted)
        })
      })
    }
  })
}

async function stop(starting: Promise<Daemon>): Promise<number> {
  const daemon = await starting
  const { cutOff } = await daemon.stop()
  return cutOff > 0 ? WORK_CUT_OFF : 0
}

function explain(error: unknown, debug: boolean): string {
  if (error instanceof ConfigError) return error.message
  if (!(error instanceof Error)) return String(error)
  if (debug || !('code' in error)) return error.stack ?? error.message
  const code = error instanceof StoreError ? '' : ` (${String(error.code)})`
  return `multilaned: ${error.message}${code}`
}
