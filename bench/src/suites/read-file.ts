import { atMost } from '../bars.js'
import { iterationsFor } from '../pbkdf2-work.js'
import { interleave } from '../rounds.js'
import { quantile, ratioOf } from '../statistics.js'
import { SubjectProcess } from '../subject-process.js'
import type { BulkCall, open, ReadFileRequest } from '../subjects/read-file.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

/** Milliseconds of one bulk job on a core of its own. */
const JOB_MS = 6

type Scenario = 'idle' | 'here' | 'onPool'
type Figures = Record<Scenario, (readonly number[])[]>

/**
 * `fs.readFile` in an urgent task beside bulk work: on the bulk lane's own threads, and, which is not isolated, on
 * libuv's pool.
 */
export const readFile: Suite = async effort => {
  const { quick, say } = effort
  const samples = quick ? 150 : 720
  // Beside a pool that is full each takes many times as long; it need not be measured as finely.
  const longest = quick ? 1_000 : 4_000
  const iterations = iterationsFor(JOB_MS)
  const subject = await SubjectProcess.open<typeof open>('read-file', null)
  try {
    const measure = (call: BulkCall | null, share = 1) => {
      const request: ReadFileRequest = {
        bulk: call === null ? null : { call, iterations },
        samples: Math.round(samples * share),
        atMost: share < 1 ? longest * share : call === 'deriveOnPool' ? longest : Number.MAX_VALUE,
      }
      return subject.round(request)
    }
    // Rounds that do not count: everything is compiled, and each thread has worked.
    for (const call of [null, 'deriveHere', 'deriveOnPool'] as const) await measure(call, 0.2)
    const figures = await interleave<Scenario, readonly number[]>(turnsOf(effort, 8, 2), {
      idle: () => measure(null),
      here: () => measure('deriveHere'),
      onPool: () => measure('deriveOnPool'),
    })
    for (const scenario of ['idle', 'here', 'onPool'] as const) {
      say(`${scenario}: ${figures[scenario].flat().length} urgent tasks`)
    }
    return { rows: rowsOf(figures), figures }
  } finally {
    await subject.close()
  }
}

function rowsOf(figures: Figures): Row[] {
  const row = (share: 'p50' | 'p99', beside: string, scenario: Scenario): Row => {
    const at = share === 'p50' ? 0.5 : 0.99
    const pooled = (which: Scenario): number => quantile(figures[which].flat(), at)
    const byRound = (which: Scenario): number[] => figures[which].map(latencies => quantile(latencies, at))
    const { min, max } = ratioOf(byRound(scenario), byRound('idle'))
    return {
      what: `\`fs.readFile\` in an urgent task beside ${beside}, ${share}`,
      unit: 'µs',
      ours: pooled(scenario),
      peer: { name: 'itself, idle', figure: pooled('idle') },
      // The rare events are what a 99th percentile is about, so it is taken of all rounds' samples together.
      ratio: { median: pooled(scenario) / pooled('idle'), min, max },
    }
  }
  return [
    row('p50', '`pbkdf2Sync` on every core', 'here'),
    { ...row('p99', '`pbkdf2Sync` on every core', 'here'), bar: atMost(2) },
    row('p50', 'asynchronous `pbkdf2`', 'onPool'),
    row('p99', 'asynchronous `pbkdf2`', 'onPool'),
  ]
}
