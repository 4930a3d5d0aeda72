// @time-limit 720m
import { writeFileSync } from 'node:fs'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { heldPorts } from '../support/open-ports.js'
import { Random } from '../support/random.js'
import { Episode } from './episode.js'

const test = suite('torture')

/** Hours by hand: MULTILANE_TORTURE_MS=3600000. */
const DURATION_MS = Number(process.env.MULTILANE_TORTURE_MS ?? 60_000)
/** Another course by hand: MULTILANE_SEED=n. The threads go their own way, so it does not replay exactly. */
const SEED = Number(process.env.MULTILANE_SEED ?? 1)
/**
 * A file for all that is known of an episode in which something is wrong: MULTILANE_TORTURE_LEDGER=path. If something hangs,
 * the process then stays as it is, to be looked into by the inspector.
 */
const LEDGER = process.env.MULTILANE_TORTURE_LEDGER
const MOST_SHOWN = 20

test('each task ends once, as its own doing or a death on its lane explains', async () => {
  console.log(`seed ${SEED}`)
  const random = new Random(SEED)
  const counts = new Map<string, number>()
  const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)
  let episodes = 0
  for (const until = performance.now() + DURATION_MS; performance.now() < until; episodes++) {
    const episode = new Episode(random)
    const wrong = await episode.run(500 + random.below(4_000)).catch(error => hangs(episode, error))
    for (const { end, refusal } of episode.entries)
      count(end === undefined ? `refused ${refusal}` : `${end.state} ${end.code ?? ''}`)
    for (const { end, refusal, name } of episode.told.entries) {
      count(`nested ${end === undefined ? (refusal ?? 'orphaned') : `${end.state} ${end.code ?? ''}`}`)
      if (name === 'nest') count('nested in nested')
    }
    for (const { kind, end } of episode.told.waits)
      count(
        `${kind} ${end === undefined ? 'cut off' : (end.code ?? (typeof end.value === 'boolean' ? end.value : 'DONE'))}`,
      )
    for (const stall of episode.stalls) count(stall)
    for (const { lane, code } of episode.losses) count(`lane ${lane} lost by ${code}`)
    if (wrong.length > 0 && LEDGER !== undefined) writeFileSync(LEDGER, episode.written)
    assert.equal(wrong.slice(0, MOST_SHOWN), [], `seed ${SEED}, episode ${episodes}, ${wrong.length} in all`)
  }
  // For the reader: Node keeps one for each thread that could not exit before its supervisor had to.
  console.log(`${episodes} episodes, ${await heldPorts()} ports`)
  for (const [what, times] of [...counts].sort()) console.log(`${times} × ${what}`)
})

async function hangs(episode: Episode, error: unknown): Promise<never> {
  if (LEDGER === undefined) throw error
  console.log(error)
  console.log(`process ${process.pid} stays`)
  writeFileSync(LEDGER, episode.written)
  setInterval(() => {}, 1_000_000)
  return new Promise(() => {})
}

test.run()
