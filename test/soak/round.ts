import { type SchedulerOptions, SchedulerThread } from 'multilane'
import type { Random } from '../support/random.js'
import type * as rounds from './tasks/rounds.js'

type RoundLane = 'urgent' | 'elastic' | 'niced'
type RoundScheduler = SchedulerThread<typeof rounds, RoundLane>

const OPTIONS: SchedulerOptions<RoundLane> = {
  tasks: new URL('./tasks/rounds.js', import.meta.url),
  lanes: {
    urgent: { priority: 'user-blocking' },
    elastic: { threads: { min: 1, max: 2, idleTimeout: 20 }, restart: { max: 100, within: 1_000 } },
    niced: { os: 'nice', queue: { limit: 5, overload: 'wait' } },
  },
  dumpOnSignal: 'SIGUSR2',
}

/**
 * Starts a scheduler, runs a little of everything on it, and closes it, in one of the ways that there are. What the
 * tasks come to is not looked at, but that they come to something.
 *
 * @param signal one of the caller's, that outlives the round
 */
export async function runRound(random: Random, signal: AbortSignal): Promise<void> {
  const scheduler = new SchedulerThread<typeof rounds, RoundLane>(OPTIONS)
  for (const event of ['stall', 'slow', 'restart', 'error'] as const) scheduler.on(event, () => {})
  const early = random.chance(0.1)
  const starting = scheduler.start()
  // Whoever closes early is told by it.
  starting.catch(() => {})
  if (!early) await starting
  const ends = submitSome(scheduler, random, signal)
  if (random.chance(0.7)) await Promise.all(ends)
  if (random.chance(0.1)) {
    await scheduler.stop()
    await scheduler.start()
    await Promise.all(submitSome(scheduler, random, signal))
  }
  await scheduler.close({ timeout: early ? 5_000 : random.pick([0, 50, 5_000]) })
  await Promise.all(ends)
}

function submitSome(scheduler: RoundScheduler, random: Random, signal: AbortSignal): Promise<unknown>[] {
  const { urgent, elastic, niced } = scheduler.lanes
  const buffer = new ArrayBuffer(1_000)
  const tasks = [
    urgent.submit('echo', ['hello'], { onStart: () => {}, onDone: () => {} }),
    urgent.submit('fail', [], { retries: { limit: 1, delay: 1 }, onError: () => {} }),
    elastic.submit('fill', [buffer], { transfer: [buffer] }),
    elastic.submit('wait', [random.below(10)], { signal, key: 'a' }),
    elastic.submit('wait', [random.below(10)], { timeout: 1 + random.below(10), key: 'a' }),
    niced.submit('wait', [1], { delay: 1 }),
    niced.submit('wait', [1_000]),
    ...Array.from({ length: 10 }, (_, i) => niced.submit('echo', [i])),
  ]
  tasks[6]!.cancel('not wanted')
  if (random.chance(0.2)) tasks.push(elastic.submit('exit', [1]))
  return tasks.map(task => task.result().catch(() => {}))
}
