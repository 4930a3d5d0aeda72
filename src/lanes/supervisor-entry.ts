/** What runs in the supervisor's thread. */
import { type MessagePort, workerData } from 'node:worker_threads'
import { exposeControl } from '../bridge/control.js'
import type { SupervisorConfig } from './lane-config.js'
import { Supervisor, type SupervisorStats } from './supervisor.js'

export interface SupervisorData {
  readonly config: SupervisorConfig
  readonly control: MessagePort
  readonly notices: MessagePort
}

/** What the owner of a scheduler can ask its supervisor. */
export type SupervisorControl = {
  /** Resolves when all lanes are ready. */
  readonly started: () => Promise<void>
  readonly stats: () => SupervisorStats
  /** Ends all lanes, within so many milliseconds. */
  readonly close: (within: number) => Promise<void>
}

/** The number of the thread that made the scheduler, among those that send. */
const OWNER = 0

const { config, control, notices } = workerData as SupervisorData
const supervisor = new Supervisor(config)
supervisor.addSender(OWNER, notices)
// Begun at once rather than on request, which saves a round trip; whoever asks gets the outcome.
const started = supervisor.start()
started.catch(() => {})
const methods: SupervisorControl = {
  started: () => started,
  stats: () => supervisor.stats(),
  close: within => supervisor.close(within),
}
exposeControl(control, methods)
