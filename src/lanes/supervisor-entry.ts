/** What runs in the supervisor's thread. */
import { workerData } from 'node:worker_threads'
import { exposeControl } from '../bridge/control.js'
import { OWNER } from '../bridge/owner.js'
import { LanePool } from './lane-pool.js'
import { termsOf } from './lane-terms.js'
import { Supervisor } from './supervisor.js'
import type { SupervisorControl, SupervisorData } from './supervisor-data.js'

const { config, laneEntry, control, notices } = workerData as SupervisorData
// First of all, so that the lanes' threads boot while the supervisor prepares the rest.
const terms = config.lanes.map(termsOf)
const pools = new Map(config.lanes.map(lane => [lane.name, new LanePool(lane, laneEntry, terms)]))
const supervisor = new Supervisor(config, pools)
supervisor.addSender(OWNER, notices)
// Begun at once rather than on request, which saves a round trip; whoever asks gets the outcome.
const started = supervisor.start()
process.on('exit', () => supervisor.forsake())
let isClosing = false
started.catch(error => {
  if (!isClosing) supervisor.failStart(error)
})
const methods: SupervisorControl = {
  started: () => started,
  stats: () => supervisor.stats(),
  close: within => {
    isClosing = true
    return supervisor.close(within)
  },
}
exposeControl(control, methods)
