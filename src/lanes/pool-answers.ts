import type { MessagePort } from 'node:worker_threads'
import type { Unread } from './sync-call.js'

/** As much as is needed of what piscina has of a thread. */
interface PoolThread {
  readonly port: MessagePort
  /** What it was given and has not answered, by piscina's numbers. */
  readonly taskInfos: ReadonlyMap<number, unknown>
  _handleResponse(response: object): void
}

/**
 * What piscina hears a thread with; `scripts/bundle-entries.mjs` has it do so. What comes and cannot be read Node drops, and
 * piscina would wait for it for ever, and keep the thread for it.
 */
export function hearThread(thread: PoolThread): void {
  const lost = (result: Unread): void => {
    // It never has more than one, and else none: whose message it was need not be told.
    for (const taskId of thread.taskInfos.keys())
      thread._handleResponse({ taskId, result, error: null, time: null })
  }
  thread.port.on('message', (message: object) => {
    if ('unread' in message) lost(message as Unread)
    else thread._handleResponse(message)
  })
  thread.port.on('messageerror', () => lost({ unread: 'answer' }))
}
