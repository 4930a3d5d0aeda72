/**
 * What runs in the threads of a `SyncPool`: piscina calls `call` once for each attempt at a task, one at a time.
 */
import { BroadcastChannel, type MessagePort, parentPort, threadId, workerData } from 'node:worker_threads'
import { encodeThrown } from '../bridge/error-codec.js'
import { LaneError, UnknownTaskError } from '../core/errors.js'
import { ambientRun, keepContexts, runAs } from './ambient-task.js'
import type { TaskFunction } from './loop-environment.js'
import { ModuleLoads } from './module-loads.js'
import { monotonicClock, nodeTimers } from './monotonic-clock.js'
import { answerOf } from './sync-answer.js'
import type { SyncAnswer, SyncCall, SyncWorkerData, Unread } from './sync-call.js'
import { SyncCell } from './sync-cell.js'
import { SyncRun } from './sync-run.js'
import { loadTaskModule, type TaskModule } from './task-module.js'
import { nameOwnThread } from './thread-name.js'
import { ThreadOutput } from './thread-output.js'
import { adopt } from './when-settled.js'

const { faults, startTimeout, lane, ...shared } = workerData as SyncWorkerData
const loads = new ModuleLoads(shared.loads)
const output = new ThreadOutput(shared.written)
const modules = new Map<string, Promise<TaskModule>>()

nameOwnThread(lane)
keepContexts()
process.on('uncaughtException', blame)
process.on('unhandledRejection', blame)
process.on('exit', () => output.pass())
// The first message brings the port on which piscina's calls come.
parentPort?.once('message', ({ port }: { readonly port: MessagePort }) => tellOfUnread(port))

export async function call(terms: SyncCall): Promise<SyncAnswer> {
  const cell = new SyncCell(terms.cell)
  const { beginBy, timeout, endBy } = terms.limits
  const begun = monotonicClock.now()
  if (begun >= beginBy || !cell.begin(threadId, begun)) return null
  const expires = Math.min(begun + timeout, endBy)
  const run = new SyncRun(terms.task, cell, expires)
  let answer: SyncAnswer
  try {
    const found = await findFunction(terms).finally(() => cell.noteLoaded())
    const value = await Promise.race([runAs(run, () => adopt(found(...(terms.args as never[])))), run.blamed])
    // Before the outcome is decided: what its accessors do is still the task's, and can be ended.
    answer = answerOf(value)
  } catch (thrown) {
    answer = { error: encodeThrown(thrown) }
  }
  run.end()
  const ended = monotonicClock.now()
  // Before the answer: whoever has that may end the thread.
  output.pass()
  return ended < expires && cell.end(ended) ? answer : null
}

/** Piscina here does not learn of a call that cannot be read, and there it would wait for the answer for ever. */
function tellOfUnread(port: MessagePort): void {
  port.on('messageerror', () => port.postMessage({ unread: 'call' } satisfies Unread))
}

async function findFunction({ module, name }: SyncCall): Promise<TaskFunction> {
  let loading = modules.get(module)
  if (loading === undefined) {
    loading = loadWithin(module)
    modules.set(module, loading)
    // One that was too slow may be there the next time.
    loading.catch(() => modules.delete(module))
  }
  const { names, functions } = await loading
  const index = names.indexOf(name)
  if (index === -1) throw new UnknownTaskError(name, names)
  return functions[index]!
}

function loadWithin(module: string): Promise<TaskModule> {
  return new Promise((resolve, reject) => {
    const stop = nodeTimers.after(startTimeout, () => {
      const message = `the module ${module} was not loaded within ${startTimeout} ms`
      reject(new LaneError('ERR_LANE_START_TIMEOUT', lane, message))
    })
    const loading = loadTaskModule(module)
    loads.note(threadId, loading)
    loading.then(resolve, reject).finally(stop)
  })
}

/** Its asynchronous context tells whose it is: a task that still runs fails with it, else nobody does. */
function blame(thrown: unknown): void {
  const run = ambientRun()
  if (run instanceof SyncRun && run.isRunning) {
    run.blame(thrown)
    return
  }
  const channel = new BroadcastChannel(faults)
  channel.postMessage(encodeThrown(thrown))
  channel.close()
}
