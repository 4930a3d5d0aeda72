import { randomUUID } from 'node:crypto'
import { homedir } from 'node:os'
import { type Lane, type LaneOptions, SchedulerThread, type UntypedTasks } from 'multilane'
import type { Logger } from 'pino'
import type { DaemonConfig } from './config/daemon-config.js'
import { systemClock } from './jobs/clock.js'
import { jobLaneOptions, slotsOf, toJobLane } from './jobs/job-lanes.js'
import { Jobs } from './jobs/jobs.js'
import { BULK_PATIENCE, LaneRunner, USUAL_PATIENCE } from './jobs/lane-runner.js'
import { RecordKeeper } from './jobs/record-keeper.js'
import { Retention } from './jobs/retention.js'
import { endLeftOvers } from './left-overs.js'
import { type OpenedStore, openStore } from './store/open-store.js'
import { Teardown } from './teardown.js'
import { JobSignalReceiver } from './work/job-signal-receiver.js'
import type * as jobTasks from './work/job-tasks.js'
import { endGroup } from './work/process-group.js'

const CLOSE_MS = 5000

/** All of a daemon but its HTTP: the store, the lanes, and the jobs that go from one to the other. */
export interface Engine {
  readonly jobs: Jobs
  readonly runners: readonly LaneRunner[]
  readonly keeper: RecordKeeper
  /** Begins to run jobs. */
  readonly begin: () => void
  /** Tells those who come upon the store while it is held whom to ask. */
  readonly announce: (address: string) => void
  /** Closes everything, whatever still runs. */
  readonly close: () => Promise<void>
}

/**
 * Opens the store, starts the lanes, and takes up what an earlier daemon left undone.
 *
 * @throws StoreError `ERR_STORE_HELD`, `ERR_STORE_DAMAGED`, `ERR_STORE_UNAVAILABLE`; TaskLoadError `ERR_TASK_LOAD` of a
 *   job's module
 */
export async function startEngine(config: DaemonConfig, log: Logger): Promise<Engine> {
  const teardown = new Teardown((error, what) => log.error({ err: error }, what))
  try {
    return await assemble(config, log, teardown)
  } catch (error) {
    await teardown.run()
    throw error
  }
}

async function assemble(config: DaemonConfig, log: Logger, teardown: Teardown): Promise<Engine> {
  const owner = randomUUID()
  const opened = await openStore({ folder: config.data, owner })
  teardown.add('the store', () => opened.release())

  const channel = `multilaned:${owner}`
  const scheduler = await startLanes(config, opened, channel)
  teardown.add('the lanes', () => scheduler.close({ timeout: CLOSE_MS }))
  scheduler.on('error', error => log.error({ err: error }, 'a lane reports'))

  const store = opened.connect(scheduler.lanes)
  teardown.add('the connection to the store', () => store.close())
  const recovery = await store.recover()
  await endLeftOvers(recovery, store, log)
  const homes = Object.fromEntries([...config.jobs].map(([name, { lane }]) => [name, lane]))
  const moved = await store.move(Object.keys(config.lanes), homes)
  if (moved > 0) log.warn({ jobs: moved }, 'jobs of lanes that are not configured any more were moved')

  const onTrouble = (error: unknown, doing: string) => log.warn({ err: error }, `trouble with ${doing}`)
  const keeper = new RecordKeeper(systemClock, error => onTrouble(error, 'recording the end of a job'))
  const jobs = new Jobs({ definitions: config.jobs, store, clock: systemClock })
  const runners = Object.entries(config.lanes).map(
    ([name, settings]) =>
      new LaneRunner({
        name,
        lane: toJobLane(scheduler.lanes[name] as unknown as Lane<typeof jobTasks>),
        slots: slotsOf(settings),
        patience: settings.priority === 'background' ? BULK_PATIENCE : USUAL_PATIENCE,
        definitions: config.jobs,
        store,
        keeper,
        clock: systemClock,
        random: Math.random,
        endProcess: async (identity, jobId) => void (await endGroup(identity, { jobId })),
        onStarted: attempt => jobs.started(attempt),
        onSettled: (job, startedAt, end) => jobs.settled(job, startedAt, end),
        onTrouble,
      }),
  )
  const receiver = new JobSignalReceiver(channel)
  teardown.add('the channel of the lanes', () => receiver.close())
  receiver.on(signal => {
    if (runners.some(runner => runner.hear(signal)) || signal.kind !== 'process') return
    // Told by a thread that has died meanwhile: its attempt is over, and nobody else knows of the command.
    endGroup(signal.process, { jobId: signal.id }).catch(error => onTrouble(error, 'ending a command'))
  })
  const retention = new Retention({
    store,
    clock: systemClock,
    ...config.retention,
    onTrouble: error => onTrouble(error, 'forgetting old jobs'),
  })
  teardown.add('the retention', () => retention.stop())
  await jobs.prepare(runners)
  return {
    jobs,
    runners,
    keeper,
    begin: () => {
      jobs.start(recovery.claims > 0)
      retention.start()
    },
    announce: address => opened.announce(address),
    close: () => teardown.run(),
  }
}

function startLanes(
  config: DaemonConfig,
  opened: OpenedStore,
  channel: string,
): Promise<SchedulerThread<UntypedTasks, string>> {
  const lanes: Record<string, LaneOptions> = { ...opened.lanes }
  for (const [name, settings] of Object.entries(config.lanes)) {
    lanes[name] = jobLaneOptions(settings, config.jobs.values(), channel, commandEnvironment())
  }
  return SchedulerThread.start({ lanes })
}

/** What a command gets of the daemon's environment: enough to find programs, and no secrets. */
function commandEnvironment(): Record<string, string> {
  const { PATH, HOME = homedir() } = process.env
  return { HOME, ...(PATH !== undefined && { PATH }) }
}
