import type { TaskOptions } from 'multilane'
import type { Random } from '../support/random.js'
import { type BoardMemory, KEYS, keyPlace } from './board.js'
import type * as torture from './tasks/torture.js'
import { LANE_NAMES, PEACEFUL, type TortureLane } from './torture-lanes.js'
import type { Given } from './waiting.js'

export type TortureName = Exclude<keyof typeof torture, 'collect'>

/** A task that is to be submitted. */
export interface Plan {
  readonly lane: TortureLane
  readonly name: TortureName
  readonly args: readonly unknown[]
  readonly options: TaskOptions<never>
  /** After which tasks it is to start. */
  readonly after: readonly number[]
}

/** What tasks may be planned where this one is. */
export interface Surroundings {
  /** How deep below it tasks may submit others. */
  readonly depth: number
  /** The tasks that it may wait for. */
  readonly known: readonly Given[]
}

const HARMLESS: readonly TortureName[] = [
  'give',
  'give',
  'give',
  'giveLater',
  'giveLater',
  'ignore',
  'compute',
  'fail',
  'failBefore',
  'notCloneable',
  'take',
]
/** In every hundred tasks of a lane that is not peaceful. */
const DEADLY = 3
/** And of one whose threads are replaced when they stall. */
const STALLING = 4

/** @param task its number on the board */
export function planTask(
  random: Random,
  board: BoardMemory,
  task: number,
  lane: TortureLane,
  signal: AbortSignal,
  { depth, known }: Surroundings,
): Plan {
  const options = randomOptions(random, signal)
  const after = known.length > 0 && random.chance(0.07) ? someOf(known, random) : []
  const plan = (name: TortureName, args: readonly unknown[], more: TaskOptions<never> = {}): Plan => ({
    lane,
    name,
    args: [board, task, ...args],
    options: {
      ...options,
      ...more,
      ...(after.length > 0 ? { after: after.map(({ handle }) => handle) } : {}),
    },
    after: after.map(({ task }) => task),
  })
  if (!PEACEFUL.includes(lane) && random.below(100) < DEADLY) return deadly(random, lane, plan)
  if (depth > 0 && random.chance(0.1))
    return plan('nest', [random.below(1e9), depth - 1, someOf(known, random)])
  if (known.length > 0 && random.chance(0.05))
    return random.chance(0.2)
      ? plan('ignoreGiven', [someOf(known, random)])
      : plan('awaitGiven', [random.below(1e9), someOf(known, random)])
  // Not among those that ignore their abort, and are given up.
  if (random.chance(0.15)) {
    const key = random.below(KEYS)
    return plan('keyed', [keyPlace(LANE_NAMES.indexOf(lane), key), 1 + random.below(6)], { key: String(key) })
  }
  if (lane === 'relay' && random.below(100) < STALLING) return plan('stall', [random.below(400)])
  const name = random.pick(HARMLESS)
  switch (name) {
    case 'giveLater':
    case 'ignore':
      return plan(name, [random.below(30)])
    case 'compute':
      return plan(name, [random.below(4)])
    case 'failBefore':
      return plan(name, [random.below(4)], { retries: { limit: 2, delay: random.below(5) } })
    case 'take': {
      const buffer = new ArrayBuffer(100)
      // What is handed over cannot be sent twice, and so not be run twice.
      return options.retries === undefined && random.chance(0.7)
        ? plan(name, [buffer], { transfer: [buffer] })
        : plan(name, [buffer])
    }
    default:
      return plan(name, [])
  }
}

/** What the ledger is to know of it. */
export function termsOf({ options, after }: Plan) {
  const { retries } = options
  return {
    retries: typeof retries === 'object' ? retries.limit : (retries ?? 0),
    idempotent: options.idempotent === true,
    transfers: options.transfer !== undefined,
    limited: (options.timeout ?? options.queueTimeout ?? options.deadline) !== undefined,
    signalled: options.signal !== undefined,
    key: options.key ?? null,
    after,
  }
}

/** Up to three, the latest rather than others. */
function someOf(known: readonly Given[], random: Random): readonly Given[] {
  const latest = known.slice(-20)
  return latest.length === 0 ? [] : Array.from({ length: random.below(4) }, () => random.pick(latest))
}

function deadly(
  random: Random,
  lane: TortureLane,
  plan: (name: TortureName, args: readonly unknown[], more?: TaskOptions<never>) => Plan,
): Plan {
  if (lane === 'strict' && random.chance(0.5)) return plan('stallForEver', [])
  if (lane === 'relief' && random.chance(0.5))
    return plan('stallForEver', [], { timeout: 50 + random.below(300) })
  switch (random.below(8)) {
    case 0:
      return lane === 'fragile' || lane === 'strict' ? plan('exit', []) : plan('exhaustHeap', [])
    case 1:
    case 2:
      return plan('exitLater', [random.below(20)])
    case 3:
    case 4:
      return plan('hold', [random.below(600)], { timeout: 1 + random.below(30) })
    case 5:
      return plan('closePorts', [])
    case 6:
      return plan('throwLater', [random.below(5)])
    default:
      return plan('exit', [])
  }
}

function randomOptions(random: Random, signal: AbortSignal): TaskOptions<never> {
  return {
    ...(random.chance(0.15) ? { timeout: 1 + random.below(50) } : {}),
    ...(random.chance(0.1) ? { queueTimeout: random.below(200) } : {}),
    ...(random.chance(0.1) ? { deadline: Date.now() + random.below(300) } : {}),
    ...(random.chance(0.15) ? { delay: random.below(20) } : {}),
    ...(random.chance(0.3) ? { priority: random.below(5) } : {}),
    ...(random.chance(0.2) ? { idempotent: true } : {}),
    ...(random.chance(0.1) ? { retries: { limit: 1, delay: 1 } } : {}),
    ...(random.chance(0.1) ? { key: random.pick(['x', 'y']) } : {}),
    ...(random.chance(0.2) ? { signal } : {}),
  }
}
