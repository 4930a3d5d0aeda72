import { cpus } from 'node:os'

const LOOK_EVERY_MS = 500
/** So many cores must have been idle, on average, for one more file to be run beside the others. */
const IDLE_CORES = 0.5

export interface Turns {
  /** How many files run at a time. */
  readonly jobs: number
  /** How many do at most, while the others leave cores idle. */
  readonly most: number
  /** Milliseconds from one look at the cores to the next. */
  readonly lookEvery?: number
}

/**
 * The order to start files in, so that no long one runs on when all others have ended. Who needs long says so: those
 * that set a limit of time for themselves come first, the greatest limit before all.
 */
export function longestFirst(
  files: readonly string[],
  ownLimit: (file: string) => number | undefined,
): string[] {
  const limits = new Map(files.map(file => [file, ownLimit(file) ?? 0]))
  return files.toSorted((one, other) => limits.get(other)! - limits.get(one)!)
}

/**
 * Runs each file in turn, several at a time.
 *
 * @param idleCores how many cores have been idle, on average, since it was last asked
 */
export async function takeTurns(
  files: readonly string[],
  { jobs, most, lookEvery = LOOK_EVERY_MS }: Turns,
  run: (file: string) => Promise<void>,
  idleCores = idleMeter(),
): Promise<void> {
  const waiting = files.values()
  const running = new Set<Promise<void>>()
  const runAll = async (): Promise<void> => {
    for (const file of waiting) await run(file)
  }
  const runOne = async (): Promise<void> => {
    const { value, done } = waiting.next()
    if (done !== true) await run(value)
  }
  const start = (turn: () => Promise<void>): void => {
    const turns = turn().finally(() => running.delete(turns))
    running.add(turns)
  }
  for (let i = 0; i < jobs; i++) start(runAll)
  const look = setInterval(() => {
    if (idleCores() >= IDLE_CORES && running.size < most) start(runOne)
  }, lookEvery)
  try {
    while (running.size > 0) await Promise.race(running)
  } finally {
    clearInterval(look)
  }
}

/** Idle cores of the whole machine, whoever uses the others. */
function idleMeter(): () => number {
  let [idle, at] = [idleTime(), performance.now()]
  return () => {
    const [before, since] = [idle, at]
    idle = idleTime()
    at = performance.now()
    return (idle - before) / Math.max(1, at - since)
  }
}

/** Milliseconds, of all cores together. */
function idleTime(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0)
}
