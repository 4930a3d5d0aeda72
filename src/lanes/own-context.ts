/**
 * Where an inline scheduler does its own work: in later turns of the loop, and in the asynchronous context in which
 * this module was loaded.
 *
 * Else a task would inherit the AsyncLocalStorages of whoever submitted something last, which no task on a thread
 * does, and a callback would find itself within the task whose code happened to set a timer.
 */
import { AsyncResource } from 'node:async_hooks'
import type { Timers } from '../core/reminders.js'
import { nodeTimers } from './monotonic-clock.js'

const OWN = new AsyncResource('MULTILANE')
/** Taken once: a test may have put a clock of its own in its place. */
const { setImmediate } = globalThis

export function inOwnContext<T>(call: () => T): T {
  return OWN.runInAsyncScope(call)
}

/** Calls back when the event loop has had a turn. */
export function nextTurn(call: () => void): void {
  OWN.runInAsyncScope(setImmediate, undefined, call)
}

export function ownMicrotask(call: () => void): void {
  OWN.runInAsyncScope(queueMicrotask, undefined, call)
}

export const ownTimers: Timers = {
  after: (delay, call) => OWN.runInAsyncScope(nodeTimers.after, nodeTimers, delay, call),
}
