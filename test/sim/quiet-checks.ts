import type { LaneLink } from '#src/bridge/lane-link.js'
import { QueuePlaces } from '#src/bridge/queue-places.js'
import type { LaneTerms } from '#src/bridge/sender-context.js'
import { ThreadBlock } from '#src/bridge/thread-block.js'
import type { Backlog } from '#src/core/backlog.js'
import { isFinal } from '#src/core/task-state.js'
import { checkInherited, checkTies } from './dependency-checks.js'
import type { Detectors } from './detectors.js'
import type { SimPort } from './sim-port.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'
import { checkOverdue } from './time-checks.js'

/**
 * When nothing is left to happen until some timer is due, nobody may be waiting for what could go on now: a wake-up has
 * been missed, though a timer may make up for it.
 *
 * @param now the present instant
 */
export function checkQuiet(scheduler: SimScheduler, detectors: Detectors, now: number): void {
  if (scheduler.closed) return
  for (const sender of scheduler.livingSenders) {
    if (!sender.actor.parked) {
      checkBacklogs(sender, detectors)
      checkTies(sender, detectors)
      checkInherited(sender, detectors)
    }
    checkOut(sender, detectors)
    checkOverdue(sender, scheduler.threads, now, detectors)
  }
  checkConnections(scheduler, detectors)
  for (const thread of scheduler.living) checkDebts(thread, detectors)
  if (scheduler.isClosing) checkClosing(scheduler, detectors)
  detectors.orphans.checkQuiet(scheduler)
}

/** A thread that was to go, and stays, is one of the lane's again: to all, whether they had released it or not. */
function checkConnections(scheduler: SimScheduler, detectors: Detectors): void {
  const { retiring } = detectors
  const staying = scheduler.living.filter(thread => isAtWork(thread) && !retiring.includes(thread))
  for (const sender of scheduler.livingSenders) {
    if (sender.actor.parked) continue
    const isOwner = scheduler.senders.includes(sender)
    for (const thread of staying) {
      if (!isOwner && !sender.reached.has(thread.lane)) continue
      if (sender.sender.lane(thread.lane).links.stays(thread.id)) continue
      detectors.fail('connected', `${sender.actor.name} sends nothing to it`, { thread })
    }
  }
}

/** Those that wait for room have all that there is. */
function checkDebts(thread: SimThread, detectors: Detectors): void {
  const owed = new ThreadBlock(thread.lease.block).owed[0]!
  if (owed > 0 && isAtWork(thread)) detectors.fail('forgotten', `it owes ${owed} places`, { thread })
}

function checkBacklogs({ backlogs, links }: SimSender, detectors: Detectors): void {
  for (const [lane, backlog] of backlogs) {
    const { name, concurrency } = lane.terms
    checkBacklog(name, backlog, links, concurrency, detectors)
    checkHeld(lane.terms, backlog, detectors)
  }
}

/** What could be sent to a thread that could begin it has been. A thread that has enough at hand asks for no more. */
function checkBacklog(
  lane: string,
  backlog: Backlog,
  links: ReadonlyMap<SimPort, LaneLink>,
  concurrency: number,
  detectors: Detectors,
): void {
  if (backlog.ready === 0) return
  // One that hands objects over holds up those behind it, until there is a thread that is free.
  for (const { extras } of backlog.readyTasks()) if (extras !== null && extras.transfer !== null) return
  for (const [port, link] of links) {
    const thread = detectors.threadAt(port)
    if (thread?.lane !== lane || !isAtWork(thread) || thread.inPlace >= concurrency) continue
    const room = link.room(concurrency)
    if (room > 0)
      detectors.fail('forgotten', `${backlog.ready} tasks are ready, and it has room for ${room}`, { thread })
  }
}

/** Nobody waits for room in a queue that has some: who gives a place back sees to it that all look who have found none. */
function checkHeld({ name, queue, queueLimit }: LaneTerms, { held }: Backlog, detectors: Detectors): void {
  const { taken } = new QueuePlaces(queue, null, 0)
  if (held > 0 && taken < queueLimit)
    detectors.fail(
      'forgotten',
      `${held} wait for room in '${name}', of which ${taken} of ${queueLimit} places are taken`,
    )
}

/** What a thread could have begun, or answered, it has. */
function checkOut(sender: SimSender, detectors: Detectors): void {
  const { table } = sender.sender.sent
  for (const [id, port] of sender.out) {
    const thread = detectors.threadAt(port)
    if (thread === undefined || !isAtWork(thread)) continue
    if (thread.inPlace >= detectors.concurrencyOf(thread)) continue
    const entry = sender.sender.sent.at(id) && sender.entryOfSlot(id)
    if (entry === undefined || detectors.isRunning(entry, thread)) continue
    detectors.fail(
      'forgotten',
      `its slot ${id} is ${table.state(id)}, and its thread does nothing about it`,
      {
        entry,
        thread,
      },
    )
  }
}

/** Threads that submit tasks have been told that it ends, and have cancelled what they had. */
function checkClosing({ living }: SimScheduler, detectors: Detectors): void {
  for (const thread of living) {
    const { actor, sender } = thread
    if (sender === null || actor.parked || thread.terminated) continue
    for (const entry of sender.open) {
      // It has ended, and the answer is lost.
      if (isFinal(entry.lane.stateOf(entry.task))) continue
      detectors.fail('close', 'the scheduler closes, and it goes on', { entry, thread })
    }
  }
}

function isAtWork({ actor, phase, loop, isCutOff, terminated }: SimThread): boolean {
  return phase === 'ready' && loop !== null && !actor.parked && !actor.dead && !isCutOff && !terminated
}
