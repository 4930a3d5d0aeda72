import { availableParallelism } from 'node:os'
import { atMost } from '../bars.js'
import type { RigKind } from '../contenders/mixed/rig.js'
import { iterationsFor } from '../pbkdf2-work.js'
import { interleave } from '../rounds.js'
import { median, quantile, ratioOf } from '../statistics.js'
import { SubjectProcess } from '../subject-process.js'
import type { BulkWork, MixedFigures, MixedRequest, open } from '../subjects/mixed.js'
import type { Row } from '../table.js'
import { type Suite, turnsOf } from './suite.js'

/** Milliseconds of one bulk job on a core of its own. */
const JOB_MS = 6
/** Added to what an idle machine shows, a wake-up on a busy core is still fine, in microseconds. */
const SLACK_US = 150

type Scenario = 'idle' | 'loaded' | 'twoPools' | 'niced' | 'onePool' | 'bulkAlone'

/** Urgent tasks while every core is full of bulk work. */
export const urgentUnderBulk: Suite = async effort => {
  const { quick, say } = effort
  const cores = availableParallelism()
  const seconds = quick ? 0.6 : 2.5
  const work: BulkWork = {
    jobs: Math.round((cores * seconds * 1000) / JOB_MS),
    iterations: iterationsFor(JOB_MS),
  }
  say(
    `${work.jobs} bulk jobs of about ${JOB_MS} ms on ${cores} threads, one urgent task every few milliseconds`,
  )
  const subjects: SubjectProcess<typeof open>[] = []
  const openRig = async (rig: RigKind): Promise<SubjectProcess<typeof open>> => {
    const subject = await SubjectProcess.open<typeof open>('mixed', { rig, bulkThreads: cores })
    subjects.push(subject)
    // A round that does not count: the code is compiled, and each bulk thread has worked.
    await subject.round({ bulk: { jobs: cores * 8, iterations: work.iterations }, urgent: 100 })
    return subject
  }
  try {
    const lanes = await openRig('lanes')
    const twoPools = await openRig('two pools')
    const niced = await openRig('two pools, bulk niced')
    const onePool = await openRig('one pool with a priority queue')
    const loaded: MixedRequest = { bulk: work, urgent: null }
    const figures = await interleave<Scenario, MixedFigures>(turnsOf(effort, 8, 2), {
      idle: () => lanes.round({ bulk: null, urgent: quick ? 150 : 700 }),
      loaded: () => lanes.round(loaded),
      twoPools: () => twoPools.round(loaded),
      niced: () => niced.round(loaded),
      onePool: () => onePool.round(loaded),
      bulkAlone: () => twoPools.round({ bulk: work, urgent: 0 }),
    })
    say(`${figures.loaded.flatMap(({ latencies }) => latencies).length} urgent tasks under load`)
    return { rows: rowsOf(figures), figures }
  } finally {
    await Promise.all(subjects.map(subject => subject.close()))
  }
}

function rowsOf(figures: Record<Scenario, MixedFigures[]>): Row[] {
  const row = (share: 'p50' | 'p99', name: string, peer: Scenario): Row => {
    const at = share === 'p50' ? 0.5 : 0.99
    const pooled = (scenario: Scenario): number =>
      quantile(
        figures[scenario].flatMap(({ latencies }) => latencies),
        at,
      )
    const byRound = (scenario: Scenario): number[] =>
      figures[scenario].map(({ latencies }) => quantile(latencies, at))
    // The rare events are what a 99th percentile is about, so it is taken of all rounds' samples together.
    const ratio = pooled('loaded') / pooled(peer)
    const { min, max } = ratioOf(byRound('loaded'), byRound(peer))
    return {
      what: `urgent task under full bulk load, ${share}`,
      unit: 'µs',
      ours: pooled('loaded'),
      peer: { name, figure: pooled(peer) },
      ratio: { median: ratio, min, max },
    }
  }
  const idle99 = row('p99', 'itself, idle', 'idle')
  const times = (scenario: Scenario): number[] => figures[scenario].map(({ bulkTime }) => bulkTime)
  return [
    { ...row('p50', 'itself, idle', 'idle'), bar: atMost(1.2) },
    { ...idle99, bar: atMost(Math.max(2, 1 + SLACK_US / idle99.peer!.figure)) },
    row('p50', 'two piscina pools', 'twoPools'),
    { ...row('p99', 'two piscina pools', 'twoPools'), bar: atMost(1 / 8, 1 / 20) },
    row('p50', 'two piscina pools, bulk niced by 10', 'niced'),
    row('p99', 'two piscina pools, bulk niced by 10', 'niced'),
    row('p50', 'one piscina pool, priority queue', 'onePool'),
    row('p99', 'one piscina pool, priority queue', 'onePool'),
    {
      what: 'the bulk work itself, urgent tasks beside it',
      unit: 'ms',
      ours: median(times('loaded')),
      peer: { name: 'piscina, nothing beside it', figure: median(times('bulkAlone')) },
      ratio: ratioOf(times('loaded'), times('bulkAlone')),
      bar: atMost(1.1),
    },
  ]
}
