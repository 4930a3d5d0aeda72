import fc from 'fast-check'
import { graphs, sometimes } from '../support/task-graph/arbitrary.js'
import { type GraphNode, graphText } from '../support/task-graph/graph.js'
import type { GraphSchedule } from './graph-run.js'

/** A graph, and how it is run. */
export interface GraphCase {
  readonly nodes: readonly GraphNode[]
  readonly schedule: GraphSchedule
}

/** Later than this hardly anything is under way. */
const LAST_TURN = 300

const lane = fc.record({
  threads: fc.integer({ min: 1, max: 2 }),
  concurrency: fc.constantFrom(1, 1, 2, 8),
})

const death = fc.record({
  turn: fc.integer({ min: 20, max: LAST_TURN }),
  aim: fc.constantFrom('runs', 'waits', 'has submitted', 'has submitted'),
  thread: fc.nat(7),
  steps: fc.nat(30),
})

const block = fc.record({ turn: fc.nat(LAST_TURN), lasts: fc.integer({ min: 1, max: 60 }) })

/** Random graphs with random schedules: half of them without a death, and so with an outcome that can be foretold. */
export const graphCases: fc.Arbitrary<GraphCase> = fc.integer({ min: 2, max: 4 }).chain(lanes =>
  fc
    .record({
      nodes: graphs({
        minNodes: 1,
        maxNodes: 14,
        lanes,
        brought: 35,
        nested: 55,
        blocking: 0,
        leavesBehind: true,
      }),
      lanes: fc.array(lane, { minLength: lanes, maxLength: lanes }),
      // No order is simpler than another.
      seed: fc.noShrink(fc.nat(0x7fffffff)),
      isDeadly: sometimes(50),
      deaths: fc.array(death, { minLength: 1, maxLength: 3 }),
      blocks: fc.array(block, { maxLength: 2 }),
    })
    .map(({ nodes, isDeadly, deaths, ...rest }) => {
      const schedule = { ...rest, deaths: isDeadly ? deaths : [] }
      return { nodes, schedule, [fc.toStringMethod]: () => caseText({ nodes, schedule }) }
    }),
)

/** How a case is shown that has failed. */
export function caseText({ nodes, schedule }: GraphCase): string {
  const { lanes, deaths, blocks, seed } = schedule
  return [
    'a graph of',
    graphText(nodes),
    ...lanes.map(
      ({ threads, concurrency }, i) =>
        `  lane ${'abcd'[i]}: ${threads} threads, ${concurrency} tasks at a time`,
    ),
    ...deaths.map(
      ({ turn, thread, aim, steps }) =>
        `  at turn ${turn} thread ${thread} that ${aim} dies, ${steps} steps later`,
    ),
    ...blocks.map(({ turn, lasts }) => `  at turn ${turn} main is blocked for ${lasts} ms`),
    `  in the order of seed ${seed}`,
  ].join('\n')
}
