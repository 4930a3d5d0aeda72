import { finiteAtLeast, knownKeys, plainObject } from '../core/checks.js'
import { InvalidArgumentError } from '../core/errors.js'

/** How threads are made. */
export interface ThreadOptions {
  /** Limits of the JavaScript heap, as Node's Worker takes them. */
  readonly resourceLimits?: {
    readonly maxOldGenerationSizeMb?: number
    readonly maxYoungGenerationSizeMb?: number
    readonly codeRangeSizeMb?: number
    readonly stackSizeMb?: number
  }
  /** The threads' `process.env`. Default empty. */
  readonly env?: Readonly<Record<string, string>>
  /** Node options of the threads, as Node's Worker takes them. */
  readonly execArgv?: readonly string[]
}

export const THREAD_KEYS = ['resourceLimits', 'env', 'execArgv'] as const

/** The options, checked and completed. */
export interface ThreadConfig {
  readonly resourceLimits: Readonly<Record<string, number>> | undefined
  readonly env: Readonly<Record<string, string>>
  readonly execArgv: readonly string[] | undefined
}

const RESOURCE_LIMITS = [
  'maxOldGenerationSizeMb',
  'maxYoungGenerationSizeMb',
  'codeRangeSizeMb',
  'stackSizeMb',
]

/**
 * @param at the path of the options
 * @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option
 */
export function readThreadOptions(
  at: string,
  { resourceLimits, env, execArgv }: ThreadOptions,
): ThreadConfig {
  return {
    resourceLimits: readResourceLimits(`${at}.resourceLimits`, resourceLimits),
    env: readEnv(`${at}.env`, env),
    execArgv: readExecArgv(`${at}.execArgv`, execArgv),
  }
}

function readResourceLimits(option: string, limits: unknown): Readonly<Record<string, number>> | undefined {
  if (limits === undefined) return undefined
  const given = plainObject(option, limits)
  knownKeys(option, given, RESOURCE_LIMITS)
  for (const [name, value] of Object.entries(given)) finiteAtLeast(`${option}.${name}`, value, 1)
  return given as Readonly<Record<string, number>>
}

function readEnv(option: string, env: unknown): Readonly<Record<string, string>> {
  if (env === undefined) return {}
  const given = plainObject(option, env)
  for (const [name, value] of Object.entries(given)) {
    if (typeof value !== 'string') throw new InvalidArgumentError(`${option}.${name}`, 'a string', value)
  }
  return { ...given } as Record<string, string>
}

function readExecArgv(option: string, argv: unknown): readonly string[] | undefined {
  if (argv === undefined) return undefined
  if (!Array.isArray(argv) || argv.some(arg => typeof arg !== 'string')) {
    throw new InvalidArgumentError(option, 'an array of strings', argv)
  }
  return [...argv]
}
