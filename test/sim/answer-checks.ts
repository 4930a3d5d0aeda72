import { FLOAT, INT } from '#src/bridge/shared-table.js'
import { DONE, FAILED } from '#src/core/task-state.js'
import { codeOf, MISFORTUNES } from './conclusion.js'
import type { Detectors } from './detectors.js'
import type { SimPort } from './sim-port.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** Each slot that is out is answered once, on the port that it left by. */
export function checkAnswered(
  sender: SimSender,
  port: SimPort,
  batch: readonly unknown[],
  thread: SimThread,
  detectors: Detectors,
): void {
  for (let i = 1; i < batch.length; i += 2) {
    const id = batch[i] as number
    if (sender.out.get(id) !== port.peer) {
      const entry = sender.entryOfSlot(id)
      detectors.fail('answered-once', `slot ${id} is answered, and is not out`, { entry, thread })
    }
    sender.out.delete(id)
  }
}

/** Answers were posted on a port that a fault had closed at the thread's end, of which the thread has not heard yet. */
export function noteLostAnswers(sender: SimSender, batch: readonly unknown[]): void {
  const { table } = sender.sender.sent
  for (let i = 1; i < batch.length; i += 2) {
    const id = batch[i] as number
    const verdict = table.int(id, INT.VERDICT)
    const entry = sender.entryOfSlot(id)
    if (entry?.task.id === id && (verdict === DONE || verdict === FAILED)) entry.isAnswerLost = true
  }
}

/** Answers could not be read by the sender that they came to. */
export function noteAnswersUnread(sender: SimSender, batch: readonly unknown[]): void {
  noteLostAnswers(sender, batch)
  for (let i = 1; i < batch.length; i += 2) {
    const entry = sender.entryOfSlot(batch[i] as number)
    if (entry !== undefined) entry.answersUnread++
  }
}

/** Tasks could not be read by the thread that they came to: they are its no more. */
export function noteUnread({ sender, bySequence, out }: SimSender, batch: readonly unknown[]): void {
  const { table } = sender.sent
  for (let at = 0; at < batch.length; at += 1 + table.int(batch[at] as number, INT.ARGUMENTS)) {
    const id = batch[at] as number
    out.delete(id)
    const entry = bySequence.get(table.float(id, FLOAT.SEQUENCE))
    if (entry !== undefined) entry.unread++
  }
}

/**
 * Whether a fault has kept from its submitter what became of a task, so that to it the task has ended with the loss of its
 * thread. Those who have its handle may have heard the truth: the thread takes its answer to have left, and tells them.
 */
export function isTruthLost({ task, isAnswerLost, answersUnread }: Entry): boolean {
  if (!isAnswerLost || task.state === DONE) return false
  // It was to be run again, and anything may have become of that.
  if (answersUnread > 0) return true
  return task.state === FAILED && MISFORTUNES.has(codeOf(task))
}
