import type { WitnessLine } from './witness.js'

/** From one start of the daemon to its end. */
export interface Life {
  /** From 1. */
  readonly number: number
  /** When it said that it listens, epoch milliseconds. */
  readonly readyAt: number
  /** Null for the last one, which ended in good order. */
  readonly killedAt: number | null
  /** The jobs that the store had as ended just after the kill. */
  readonly recorded: ReadonlySet<string>
  /** Processes of earlier lives that still ran when it was ready. */
  readonly orphans: readonly string[]
}

export interface KeptJob {
  readonly name: string
  readonly state: string
}

/** All that is known when everything has come to its end. */
export interface Evidence {
  readonly kinds: Readonly<Record<string, { readonly ends: string; readonly failures: number }>>
  readonly lives: readonly Life[]
  /** In the order of the file. */
  readonly lines: readonly WitnessLine[]
  /** What a client was told of with a 2xx. */
  readonly acknowledged: ReadonlySet<string>
  /** What the daemon has in the end. */
  readonly kept: ReadonlyMap<string, KeptJob>
  /** The jobs that requests which got no answer would have made. */
  readonly unanswered: number
  /** What clients have seen that must not be, such as another id for a key. */
  readonly sightings: readonly string[]
}

export interface Account {
  /** Nothing must be in it. */
  readonly problems: readonly string[]
  readonly states: Readonly<Record<string, number>>
  /** How many runs a kill has cut short or made to be repeated. */
  readonly repeated: number
  /** Of these, by the name of the job, how many had come to their end, which was not on disk by then. */
  readonly endedUnrecorded: Readonly<Record<string, number>>
  /** How many of the jobs kept are those of requests without an answer. */
  readonly strays: number
  /** Milliseconds from ready to the next start of a job that ran at the kill; null if none was seen. */
  readonly slowestRestart: number | null
}

interface Run {
  readonly life: number
  readonly attempt: number
  readonly at: number
  ended: 'end' | 'fail' | null
}

/**
 * Accounts for every job: it has ended as its kind must, it has run, and it has run again only where the daemon's death
 * or its own failure explains that.
 */
export function accountFor(evidence: Evidence): Account {
  const problems: string[] = [...evidence.sightings]
  const runs = runsOf(evidence.lines, problems)
  const states: Record<string, number> = {}
  for (const { state } of evidence.kept.values()) states[state] = (states[state] ?? 0) + 1
  for (const id of evidence.acknowledged) {
    if (!evidence.kept.has(id)) problems.push(`${id} was acknowledged and is lost`)
  }
  for (const [id, job] of evidence.kept) checkEnd(id, job, runs.get(id) ?? [], evidence, problems)
  for (const id of runs.keys()) if (!evidence.kept.has(id)) problems.push(`${id} ran and is not kept`)

  let repeated = 0
  const endedUnrecorded: Record<string, number> = {}
  for (const [id, all] of runs) {
    const name = evidence.kept.get(id)?.name ?? 'of no name'
    const failures = evidence.kinds[name]?.failures ?? 0
    all.forEach((run, index) => {
      const before = all[index - 1]
      if (before === undefined) return
      const problem = unexplained(id, before, run, failures, evidence.lives)
      if (problem !== undefined) problems.push(problem)
      if (run.life === before.life) return
      repeated++
      if (before.ended !== null) endedUnrecorded[name] = (endedUnrecorded[name] ?? 0) + 1
    })
  }
  const strays = [...evidence.kept.keys()].filter(id => !evidence.acknowledged.has(id)).length
  if (strays > evidence.unanswered) {
    problems.push(`${strays} jobs nobody was told of, and only ${evidence.unanswered} were asked for so`)
  }
  for (const { number, orphans } of evidence.lives) {
    for (const orphan of orphans)
      problems.push(`${orphan} of an earlier life was still there in life ${number}`)
  }
  return {
    problems,
    states,
    repeated,
    endedUnrecorded,
    strays,
    slowestRestart: slowestRestart(runs, evidence.lives),
  }
}

/** Each run by its job, in order; that one tells of itself after the next has begun is two at a time. */
function runsOf(lines: readonly WitnessLine[], problems: string[]): ReadonlyMap<string, readonly Run[]> {
  const runs = new Map<string, Run[]>()
  for (const { kind, life, id, attempt, at } of lines) {
    const all = runs.get(id) ?? []
    runs.set(id, all)
    if (kind === 'start') {
      all.push({ life, attempt, at, ended: null })
      continue
    }
    const last = all.at(-1)
    if (last === undefined || last.life !== life || last.attempt !== attempt) {
      problems.push(`${id}: attempt ${attempt} of life ${life} still ran beside the next one`)
    } else if (last.ended !== null) {
      problems.push(`${id}: attempt ${attempt} of life ${life} went on after its end`)
    } else if (kind !== 'beat') {
      last.ended = kind
    }
  }
  return runs
}

function checkEnd(
  id: string,
  job: KeptJob,
  runs: readonly Run[],
  { kinds }: Evidence,
  problems: string[],
): void {
  const kind = kinds[job.name]
  if (kind === undefined) {
    problems.push(`${id} is a job ${job.name}, which nobody asks for`)
    return
  }
  if (job.state !== kind.ends) problems.push(`${id} (${job.name}) is ${job.state}, not ${kind.ends}`)
  const failed = new Map<number, number>()
  for (const { ended, life } of runs) {
    if (ended === 'fail') failed.set(life, (failed.get(life) ?? 0) + 1)
  }
  for (const [life, times] of failed) {
    if (times > kind.failures) problems.push(`${id} (${job.name}) was tried ${times} times in life ${life}`)
  }
  const last = runs.at(-1)
  if (last === undefined) problems.push(`${id} (${job.name}) is ${job.state} and was never run`)
  else if (last.ended !== (kind.ends === 'succeeded' ? 'end' : 'fail')) {
    problems.push(
      `${id} (${job.name}) is ${job.state}, and its last run ${last.ended ?? 'did not come to its end'}`,
    )
  }
}

/** Why a second start must not have been; undefined if it may. */
function unexplained(
  id: string,
  before: Run,
  run: Run,
  failures: number,
  lives: readonly Life[],
): string | undefined {
  const where = `${id}: attempt ${run.attempt} of life ${run.life} after attempt ${before.attempt} of life ${before.life}`
  if (run.life < before.life) return `${where}: out of order`
  if (run.life === before.life) {
    const isRetry = failures > 0 && before.ended === 'fail' && run.attempt === before.attempt + 1
    return isRetry ? undefined : `${where}: no kill explains it`
  }
  // Other lives may lie between them.
  for (const { number, killedAt, recorded } of lives) {
    if (number < before.life || number >= run.life) continue
    if (killedAt === null) return `${where}: life ${number} ended in good order`
    if (recorded.has(id)) return `${where}: it was recorded as ended when life ${number} was killed`
  }
  return undefined
}

/**
 * Counts only the time in which a daemon was there: where one was killed before it came to the job, the next goes on.
 */
function slowestRestart(runs: ReadonlyMap<string, readonly Run[]>, lives: readonly Life[]): number | null {
  let slowest: number | null = null
  for (const all of runs.values()) {
    all.forEach((run, index) => {
      const before = all[index - 1]
      if (before === undefined || before.ended !== null || run.life === before.life) return
      let waited = 0
      for (const { number, readyAt, killedAt } of lives) {
        if (number <= before.life || number > run.life) continue
        // A job may well start before the daemon says that it listens.
        waited += Math.max(0, (number === run.life ? run.at : (killedAt ?? readyAt)) - readyAt)
      }
      slowest = Math.max(slowest ?? 0, waited)
    })
  }
  return slowest
}
