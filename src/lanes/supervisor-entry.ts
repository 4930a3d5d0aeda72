/** What runs in the supervisor's thread. */
import { workerData } from 'node:worker_threads'
import { exposeControl } from '../bridge/control.js'
import { OWNER } from '../bridge/owner.js'
import { ForwardedOutput } from './forwarded-output.js'
import { LanePool } from './lane-pool.js'
import { termsOf } from './lane-terms.js'
import { monotonicClock, nodeTimers } from './monotonic-clock.js'
import { Supervisor } from './supervisor.js'
import type { SupervisorControl, SupervisorData } from './supervisor-data.js'

const { config, laneEntry, control, notices, written } = workerData as SupervisorData
const output = new ForwardedOutput()
// First of all, so that the lanes' threads boot while the supervisor prepares the rest.
const terms = config.lanes.map(termsOf)
const pools = new Map(config.lanes.map(lane => [lane.name, new LanePool(lane, laneEntry, terms, written)]))
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
  close: async within => {
    isClosing = true
    await supervisor.close(within)
    await output.end()
  },
  passOutput: async within => {
    const until = monotonicClock.now() + within
    let stop: () => void = () => {}
    const patience = new Promise<void>(resolve => {
      stop = nodeTimers.after(within, resolve)
    })
    await Promise.race([supervisor.passOutput(), patience])
    stop()
    await output.pass(until)
  },
}
exposeControl(control, methods)
