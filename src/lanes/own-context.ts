/**
 * Where the runtime does its own work: in the asynchronous context in which this module was loaded, and inline in later
 * turns of the loop.
 *
 * Else a task would inherit the AsyncLocalStorages of whoever submitted something last, or of the task that ended just
 * before it; a callback would find itself within the task whose code happened to set a timer; and a port would hold the
 * task in whose midst it came, with its arguments, for as long as the port lasts.
 */
import { AsyncResource } from 'node:async_hooks'
import type { Timers } from '../core/reminders.js'
import { nodeTimers } from './monotonic-clock.js'

const OWN = new AsyncResource('MULTILANE')
/** Taken once: a test may have put a clock of its own in its place. */
const { setImmediate } = globalThis

/** What the call enters into a storage stays with it. */
export function inOwnContext<T>(call: () => T): T {
  return OWN.runInAsyncScope(inNewResource, undefined, call) as T
}

function inNewResource<T>(call: () => T): T {
  return new AsyncResource('MULTILANE_CALL').runInAsyncScope(call)
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
