import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isFinal, type JobState } from '#daemon/jobs/job.js'
import { type DaemonProcess, startDaemon } from '../../support/daemon/daemon-process.js'
import { Random } from '../../support/random.js'
import { type Account, accountFor, type KeptJob, type Life } from './account.js'
import { commandsOfEarlierLives, recordedAsEnded } from './after-the-kill.js'
import { Ledger } from './ledger.js'
import { LoadClient } from './load.js'
import { KINDS, prepareFolder, type TortureFolder } from './torture-config.js'
import { readWitness } from './witness.js'

export interface TortureOptions {
  readonly rounds: number
  readonly seed: number
  /** An empty one; the caller removes it. */
  readonly folder: string
  /** Connections. */
  readonly clients: number
  /** The most milliseconds between a client's requests. */
  readonly pause: number
  /** The most milliseconds from ready to the kill. */
  readonly life: number
  /** Milliseconds for everything to come to its end after the last kill. */
  readonly patience: number
  readonly onRound: (line: string) => void
}

export interface TortureReport {
  readonly account: Account
  readonly tally: Readonly<Record<string, number>>
  readonly acknowledged: number
}

/** Kills a daemon under load again and again, and then accounts for every job. */
export async function torture(options: TortureOptions): Promise<TortureReport> {
  const { rounds, seed, clients, onRound } = options
  const random = new Random(seed)
  const ledger = new Ledger()
  const files = await prepareFolder(options.folder)
  const load = Array.from(
    { length: clients },
    (_, index) => new LoadClient(`client-${index}`, new Random(random.below(2 ** 31)), ledger),
  )
  const lives: Life[] = []
  for (let number = 1; number <= rounds; number++) {
    const life = await liveAndDie(number, files, load, random, options)
    lives.push(life)
    const shown = `${life.killedAt! - life.readyAt} ms, ${life.recorded.size} ended, ${ledger.acknowledged.size} acknowledged`
    onRound(`life ${number}: ${shown}`)
  }
  const { last, kept } = await finish(rounds + 1, files, load, options)
  lives.push(last)
  const account = accountFor({
    kinds: KINDS,
    lives,
    lines: readWitness(await readFile(files.witness, 'utf8')),
    acknowledged: ledger.acknowledged,
    kept,
    unanswered: ledger.unanswered,
    sightings: ledger.sightings,
  })
  return { account, tally: ledger.tally, acknowledged: ledger.acknowledged.size }
}

async function begin(
  number: number,
  { folder, witness, config }: TortureFolder,
): Promise<{ daemon: DaemonProcess; readyAt: number; orphans: readonly string[] }> {
  const daemon = await startDaemon({ folder, config: config(number) })
  const readyAt = Date.now()
  return { daemon, readyAt, orphans: await commandsOfEarlierLives(witness, number) }
}

async function liveAndDie(
  number: number,
  files: TortureFolder,
  load: readonly LoadClient[],
  random: Random,
  { life, pause }: TortureOptions,
): Promise<Life> {
  const { daemon, readyAt, orphans } = await begin(number, files)
  const stop = new AbortController()
  const running = load.map(client => client.run(daemon.address, stop.signal, pause))
  await sleep(random.next() * life)
  const end = await daemon.end('SIGKILL')
  if (end.signal !== 'SIGKILL') throw new Error(`the daemon ended by itself: ${daemon.output().stderr}`)
  const killedAt = Date.now()
  stop.abort()
  await Promise.all(running)
  const recorded = await recordedAsEnded(join(files.folder, 'data'))
  return { number, readyAt, killedAt, recorded, orphans }
}

async function finish(
  number: number,
  files: TortureFolder,
  load: readonly LoadClient[],
  { patience }: TortureOptions,
): Promise<{ last: Life; kept: ReadonlyMap<string, KeptJob> }> {
  const { daemon, readyAt, orphans } = await begin(number, files)
  try {
    for (const client of load) await client.finish(daemon.address)
    // Twice, for the keys: now all of them have been answered at least once.
    for (const client of load) await client.finish(daemon.address)
    const until = performance.now() + patience
    let kept = await everyJob(daemon)
    while (performance.now() < until && [...kept.values()].some(({ state }) => !isFinal(state as JobState))) {
      await sleep(250)
      kept = await everyJob(daemon)
    }
    return { last: { number, readyAt, killedAt: null, recorded: new Set(), orphans }, kept }
  } finally {
    await daemon.end('SIGTERM')
  }
}

async function everyJob(daemon: DaemonProcess): Promise<ReadonlyMap<string, KeptJob>> {
  const kept = new Map<string, KeptJob>()
  let path: string | null = '/v1/jobs?limit=1000&order=oldest'
  while (path !== null) {
    const response = await daemon.fetch(path)
    const page = (await response.json()) as {
      readonly jobs: readonly ({ readonly id: string } & KeptJob)[]
      readonly next: string | null
    }
    for (const { id, name, state } of page.jobs) kept.set(id, { name, state })
    path = page.next
  }
  return kept
}
