/** What the supervisor's thread runs first, for `newRefusal`. */
import { workerData } from 'node:worker_threads'
import { askBeforeThreads, type Refusal } from './thread-refusal.js'

const { refusal } = workerData as { readonly refusal?: Refusal }
if (refusal !== undefined) askBeforeThreads(refusal)
