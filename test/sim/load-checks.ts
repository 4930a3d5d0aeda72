import { MOST_TAKEN_BACK } from '#src/bridge/lane-link.js'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import { INT, RECALLED } from '#src/bridge/shared-table.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import { MAX_WINDOW } from '#src/core/credit-window.js'
import { AGING_MS } from '#src/core/ready-queue.js'
import { FAILED, isFinal, NEW, STARTED } from '#src/core/task-state.js'
import type { Detectors } from './detectors.js'
import type { Entry, SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/**
 * No more tasks wait than a lane takes, whoever submitted them; and those that do have the places that are taken, but for
 * those that threads have yet to give back, and those that one has taken of which the supervisor had seen to the end of its
 * port before.
 */
export function checkQueues(
  senders: readonly SimSender[],
  threads: readonly SimThread[],
  detectors: Detectors,
): void {
  for (const { terms } of senders[0]!.sender) {
    const { name, index, queueLimit, queue } = terms
    const owed = threads
      .filter(({ lane }) => lane === name)
      .reduce((sum, { lease }) => sum + new ThreadBlock(lease.block).owed[0]!, 0)
    const late = threads
      .filter(({ sender, hasExited }) => sender?.isForgotten === true && !hasExited)
      .reduce((sum, { places }) => sum + new Int32Array(places)[index]!, 0)
    const taken = new QueuePlaces(queue, null, 0).taken - owed - late
    let waiting = 0
    let again = 0
    for (const { open } of senders)
      for (const { lane, task } of open) {
        if (task.target.lane !== name || task.state === NEW || task.dead) continue
        if (lane.stateOf(task) >= STARTED) continue
        waiting++
        // One that is to be run again has been let in before.
        if (task.attempt > 1) again++
      }
    if (waiting - again > queueLimit)
      detectors.fail('queue-limit', `${waiting - again} wait in '${name}', and ${queueLimit} may`)
    if (waiting !== taken)
      detectors.fail('queue-limit', `${waiting} wait in '${name}', and ${taken} places are taken`)
  }
}

/**
 * What is counted as being on a thread is what is there, and no more than may be.
 *
 * @returns the most tasks that one thread has
 */
export function checkCredits({ links, sender }: SimSender, detectors: Detectors): number {
  if (links.size === 0) return 0
  const { sent } = sender
  const { table } = sent
  const counts = new Map<number, { slots: number; takenBack: number }>()
  for (const { terms } of sender)
    for (const { id } of sent.of(terms.name)) {
      const thread = table.int(id, INT.THREAD)
      const count = counts.get(thread) ?? { slots: 0, takenBack: 0 }
      count.slots++
      if (table.state(id) === RECALLED) count.takenBack++
      counts.set(thread, count)
    }
  let most = 0
  for (const [port, link] of links) {
    if (port.isClosedHere) {
      links.delete(port)
      continue
    }
    const { slots, takenBack } = counts.get(link.thread) ?? { slots: 0, takenBack: 0 }
    const thread = detectors.threadAt(port)
    const wrong = (message: string): never => detectors.fail('credits', message, { thread })
    if (link.outstanding !== slots) wrong(`${link.outstanding} are counted as sent, and ${slots} are`)
    if (link.takenBack !== takenBack)
      wrong(`${link.takenBack} are counted as taken back, and ${takenBack} are`)
    const load = slots - Math.min(takenBack, MOST_TAKEN_BACK)
    most = Math.max(most, load)
    if (thread !== undefined && load > MAX_WINDOW + detectors.concurrencyOf(thread) + thread.mostWaiting)
      wrong(`${load} are on it`)
  }
  return most
}

/** Whether it has waited so long that others may not overtake it any more. */
export function isAgedAndReady({ task }: Entry, now: number): boolean {
  if (isFinal(task.state) || task.state === NEW || task.state === FAILED || task.waitsFor > 0) return false
  return task.deadline === Number.POSITIVE_INFINITY && now - task.since >= AGING_MS
}
