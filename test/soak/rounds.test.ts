// @time-limit 120m
import { readdirSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { heldPorts } from '../support/open-ports.js'
import { Random } from '../support/random.js'
import { listenerCount } from './listener-count.js'
import { runRound } from './round.js'
import { Trend } from './trend.js'
import { usedHeap } from './used-heap.js'

const test = suite('soak: rounds')

/** Ten thousand by hand: MULTILANE_SOAK_ROUNDS=10000. */
const ROUNDS = Number(process.env.MULTILANE_SOAK_ROUNDS ?? 100)
const SAMPLES = 60
const MB = 1024 * 1024
const PER_THOUSAND = { name: 'a thousand rounds', length: 1_000 }

test(`ten thousand start–run–close rounds, of which ${ROUNDS} are run`, async () => {
  const heap = new Trend('heap of the main thread', 'MB', PER_THOUSAND)
  const ports = new Trend('message ports', '', PER_THOUSAND)
  const listeners = new Trend('listeners', '', PER_THOUSAND)
  const threads = new Trend('threads', '', PER_THOUSAND)
  const files = new Trend('open files', '', PER_THOUSAND)
  const resident = new Trend('resident memory', 'MB', PER_THOUSAND)
  const random = new Random(Number(process.env.MULTILANE_SEED ?? 1))
  const { signal } = new AbortController()
  const begin = performance.now()
  for (let round = 1; round <= ROUNDS; round++) {
    await runRound(random, signal)
    if (round % Math.max(1, Math.floor(ROUNDS / SAMPLES)) !== 0) continue
    ports.note(round, await heldPorts())
    heap.note(round, usedHeap() / MB)
    listeners.note(round, listenerCount())
    threads.note(round, readdirSync('/proc/self/task').length)
    files.note(round, readdirSync('/proc/self/fd').length)
    resident.note(round, process.memoryUsage.rss() / MB)
  }
  const each = ((performance.now() - begin) / ROUNDS).toFixed(0)
  console.log([heap, ports, listeners, threads, files, resident, `${ROUNDS} rounds of ${each} ms`].join('\n'))
  for (const steady of [ports, listeners, threads]) assert.ok(steady.growth <= 0, String(steady))
  assert.ok(heap.growth < 1, String(heap))
  // Where a thread takes more than half a second to read its task module, it is ended all the same, and may leave a file
  // open. That is for a machine that is busy beyond measure: it was 24 in a thousand rounds when nothing was waited for.
  assert.ok(files.growth <= Math.max(1, ROUNDS / 1_000), String(files))
})

test.run()
