/** To be run before all else, in every thread: ends the supervisor a while after its start. */
import { workerData } from 'node:worker_threads'

if (workerData !== null && typeof workerData === 'object' && 'laneEntry' in workerData)
  setTimeout(() => process.exit(3), 1500)
