/*
 * Starts the daemon, puts it under load through all of its services, kills it with -9 at a random instant, starts it
 * again on the same store, and so on; then lets everything come to its end and accounts for every job it has
 * acknowledged. Exits with 1 if anything is unaccounted for.
 *
 *     node build/test/daemon/torture/kill-rounds.js --rounds 50 --seed 7 --folder /somewhere/empty
 *
 *   --rounds <n>     kills; default 50
 *   --seed <n>       of the load and of the instants of the kills; default 1. What threads make of it differs.
 *   --folder <path>  for the configuration, the store and the witness file; default a new one, removed if all is well
 *   --clients <n>    connections; default 8
 *   --pause <ms>     the most between the requests of a client; default 60
 *   --life <ms>      the most from ready to the kill; default 2500
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { torture } from './torture.js'

const RESTART_BOUND_MS = 5000

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    folder: { type: 'string' },
    clients: { type: 'string', default: '8' },
    pause: { type: 'string', default: '60' },
    life: { type: 'string', default: '2500' },
  },
})

const given = values.folder
const folder = given === undefined ? await mkdtemp(join(tmpdir(), 'multilaned-torture-')) : resolve(given)
await mkdir(folder, { recursive: true })
const { account, tally, acknowledged } = await torture({
  folder,
  rounds: Number(values.rounds),
  seed: Number(values.seed),
  clients: Number(values.clients),
  pause: Number(values.pause),
  life: Number(values.life),
  patience: 120_000,
  onRound: line => console.log(line),
})
console.log('')
console.log(`acknowledged jobs: ${acknowledged}`)
for (const [state, count] of Object.entries(account.states)) console.log(`  ${state}: ${count}`)
for (const [what, count] of Object.entries(tally)) console.log(`${what}: ${count}`)
console.log(`jobs of requests without an answer: ${account.strays}`)
console.log(`runs repeated because of a kill: ${account.repeated}`)
for (const [name, count] of Object.entries(account.endedUnrecorded)) {
  console.log(`  of which ${name} had come to their end, and that was not on disk yet: ${count}`)
}
console.log(
  `slowest start again of a job that ran at a kill: ${account.slowestRestart ?? 'none'} ms after ready`,
)
const problems = [...account.problems]
if ((account.slowestRestart ?? 0) > RESTART_BOUND_MS)
  problems.push(`it is to be ${RESTART_BOUND_MS} ms at most`)
console.log(`problems: ${problems.length}`)
for (const problem of problems.slice(0, 50)) console.log(`  ${problem}`)
if (given === undefined && problems.length === 0) await rm(folder, { recursive: true, force: true })
process.exitCode = problems.length === 0 ? 0 : 1
