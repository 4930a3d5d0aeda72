import { constants } from 'node:os'
import { integerWithin } from '../core/checks.js'
import { InvalidArgumentError } from '../core/errors.js'

/** The name of a signal, as `process.on` takes it. */
export type SignalName = `SIG${string}`

/** What a scheduler shows of its tasks. */
export interface SightOptions {
  /**
   * How many finished tasks are remembered, without their values, for `taskInfo`, `tasks` and `dumpTasks`: an integer
   * from 0 to 1,000,000. Each takes about 50 bytes. Default 1,000.
   */
  readonly history?: number
  /**
   * The signal on which `dumpTasks()` is written to standard error while the scheduler runs, such as `'SIGUSR2'`.
   * Listening for a signal takes away what it does by default, and works on the main thread alone; while its loop is
   * blocked nothing is written. Default none.
   */
  readonly dumpOnSignal?: SignalName
}

export const SIGHT_KEYS = ['history', 'dumpOnSignal'] as const

const DEFAULT_HISTORY = 1_000
const MOST_HISTORY = 1_000_000
/** Nobody can listen for these. */
const UNHEARD = ['SIGKILL', 'SIGSTOP']

/** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option */
export function readSightOptions({ history = DEFAULT_HISTORY, dumpOnSignal }: SightOptions): {
  readonly history: number
  readonly dumpOnSignal: SignalName | undefined
} {
  if (
    dumpOnSignal !== undefined &&
    (!Object.hasOwn(constants.signals, dumpOnSignal) || UNHEARD.includes(dumpOnSignal))
  )
    throw new InvalidArgumentError('dumpOnSignal', "the name of a signal, such as 'SIGUSR2'", dumpOnSignal)
  return { history: integerWithin('history', history, 0, MOST_HISTORY), dumpOnSignal }
}
