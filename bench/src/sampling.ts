import { Bench, type Statistics, type Task } from 'tinybench'

/**
 * Samples with tinybench.
 *
 * @param iterations at least so many samples, and
 * @param time so many milliseconds
 * @param sample one call; it may say itself how long it took, see tinybench's `overriddenDuration`
 * @returns statistics of the samples, in milliseconds
 */
export async function sample(
  iterations: number,
  time: number,
  sample: () => PromiseLike<unknown>,
): Promise<Statistics> {
  // Warm-up is a whole round that is thrown away, the same for all contenders.
  const bench = new Bench({ iterations, time, warmup: false, throws: true })
  bench.add('sample', sample, { async: true })
  const [task] = await bench.run()
  return statisticsOf(task!)
}

/**
 * The same for a call that blocks.
 *
 * @param iterations so many samples
 */
export function sampleSync(iterations: number, sample: () => unknown): Statistics {
  const bench = new Bench({ iterations, time: 0, warmup: false, throws: true })
  bench.add('sample', () => void sample(), { async: false })
  const [task] = bench.runSync()
  return statisticsOf(task!)
}

function statisticsOf({ result }: Task): Statistics {
  if (result.state !== 'completed') throw new Error(`sampling ended ${result.state}`)
  return result.latency
}
