import { checkRest } from './conclusion.js'
import type { Detectors } from './detectors.js'
import type { HeldHandles } from './held-handles.js'
import { everySender, isHalfOpen, type Liveness } from './sim-liveness.js'
import type { SimScheduler } from './sim-scheduler.js'
import type { SimSender } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** What ends when there are no faults any more. */
export interface EndingRun {
  readonly scheduler: SimScheduler
  readonly detectors: Detectors
  readonly liveness: Liveness
  /** The handles that threads were given, if they are given any. */
  readonly held: HeldHandles | null
  /** Whether it has neither failed to start nor been told to close. */
  readonly isUp: boolean
  /** Whether it starts or stops. */
  readonly isMoving: boolean
  /** How many wait for something of it. */
  readonly openWaits: number
  readonly hasClosed: boolean
  /** Begins its close, unless that has begun. */
  close(): void
}

/** The faults are over: what is left must end, and leave nothing. */
export async function endWithoutFaults(run: EndingRun): Promise<void> {
  const { scheduler, detectors, liveness, held } = run
  const { faults, allThreads } = scheduler
  Object.assign(faults, { lingers: 0, failsToLoad: 0, neverStarts: 0 })
  for (const { actor } of scheduler.senders) actor.parked = false
  for (const { actor } of allThreads) actor.doom = Number.POSITIVE_INFINITY
  const until = (what: string, isSo: () => boolean): Promise<void> => liveness.until(what, isSo)
  await until('its start or stop', () => !run.isMoving)
  const isOver = ({ actor, open }: SimSender): boolean => actor.dead || open.size === 0
  await until('its tasks', () => everySender(scheduler).every(isOver))
  await until('its waits', () => run.openWaits === 0)
  await until('its orphans', () => detectors.orphans.running(scheduler).length === 0)
  if (run.isUp && !scheduler.closed) {
    await until('its retirements', () => detectors.retiring.length === 0)
    await until('its connections', () => scheduler.livingSenders.every(one => !isHalfOpen(one)))
    const isAtRest = (one: SimSender): boolean =>
      isOver(one) && one.sender.sent.table.inUse === one.sender.exports.size
    const areHome = (): boolean => {
      // What goes on after it was given up may give handles on still, and be given some.
      for (const sender of scheduler.livingSenders) if (sender.open.size === 0) held?.drop(sender, true)
      return scheduler.livingSenders.every(one => one.sender.exports.size <= lostOnTheWay(one, scheduler))
    }
    await until('its handles', areHome)
    await until('its edges', () => (scheduler.generations.at(-1)?.supervisor.waits.size ?? 0) === 0)
    const isHomeAtRest = (): boolean => areHome() && scheduler.livingSenders.every(isAtRest)
    await until('its slots', isHomeAtRest)
    const keepNothing = (): boolean =>
      isHomeAtRest() && scheduler.living.every(one => keepsNothing(one, scheduler))
    await until('its kept outcomes', keepNothing)
    for (const sender of scheduler.livingSenders) checkRest(sender, detectors)
  }
  run.close()
  await until('its close()', () => run.hasClosed)
}

/** With the last handle of a task goes what its thread has kept of it, unless that handle was lost on its way. */
function keepsNothing({ loop, phase }: SimThread, { livingSenders }: SimScheduler): boolean {
  if (loop === null || phase === 'left') return true
  const lost = livingSenders.reduce((sum, { sender }) => sum + sender.exports.size, 0)
  return loop.outcomes.size <= lost
}

/**
 * How many tasks of a sender may stay out until the thread ends that was to have their handles: another has told to give
 * them on, and died before it did. In a real thread the one follows the other.
 */
function lostOnTheWay({ number }: SimSender, scheduler: SimScheduler): number {
  const dead = everySender(scheduler).filter(({ actor }) => actor.dead)
  const lost = dead.flatMap(({ lending }) => lending.filter(({ owner }) => owner === number))
  return new Set(lost.map(({ sequence }) => sequence)).size
}
