import { DEATH_STEPS } from './death-steps.js'
import { CALL_SITES } from './sim-world.js'

/** What must be met over the seeds of one batch: a simulation that never meets a race proves nothing about it. */
export const RACES = [
  'recall beat the start',
  'start beat the recall',
  'cancel beat the start',
  'start beat the cancel',
  'completion beat the cancel',
  'cancel beat the completion',
  'time-out beat the start',
  'completion beat the time-out',
  'time-out beat the completion',
  'death before a batch is taken',
  'death between two tasks of a batch',
  'death between claim and answer',
  'death between answer and verdict',
  'death while starting',
  'death while retiring',
  'death while leaving',
  'death at the hands of the ladder',
  'answer taken after death',
  'run again after death',
  'run again after failure',
  'run again once its lost thread was gone',
  'ended while its lost thread lingered',
  'paused before its next attempt',
  'ended in the pause before its next attempt',
  'ended in its delay',
  'waited for its key',
  'moved while it waited for its key',
  'key asked for that another had',
  'key passed on',
  'keys outlived their sender',
  'keys shared of which some were taken',
  'port closed under a living thread',
  'told lost before it exited',
  'restart',
  'restart while closing',
  'lane failed',
  'start failed',
  'closed in the middle',
  'stopped in the middle',
  'started again',
  'started again while it stopped',
  'drained',
  'start awaited',
  'start awaited in vain',
  'thread grown',
  'thread retired',
  'retired with tasks on their way to it',
  'abandoned',
  'stall heard',
  'stall unheard',
  'stalled thread replaced',
  'no budget for a stalled thread',
  'stalled thread replaced at a later look',
  'stalled thread gone while its stack was looked at',
  'stalled thread died after it was replaced',
  'stalled thread ended',
  'slow',
  'blamed',
  'found while looking at the doorbell',
  'answered while the owner was blocked',
  'timed out while the owner was blocked',
  'waited for others',
  'others were done before it came',
  'one of the others had failed before it came',
  'failed for one that it waited for',
  'ended while it waited for others',
  'waited for others before it waited for room',
  'held for want of room',
  'refused',
  'dropped as the oldest',
  'dropped as hopeless',
  'moved',
  'aged task started',
  'two senders on one thread',
  'handed over and lost',
  'thread became a sender',
  'thread connected with itself',
  'reach of a lane that has no thread',
  'reach of a lane that has failed',
  'nested task began',
  'nested task left behind',
  'nested task on its own thread with one place',
  'nested four deep',
  'chain back to a lane',
  'chain back to a lane with one place',
  'went on after a wait beyond its place',
  'aborted while it waits for nested tasks',
  'thread died while its tasks wait',
  'thread of a nested task died under who waits for it',
  'submitter died with its nested task started',
  'submitter died with its nested task on its way',
  'submitter died with its nested task unsent',
  'began after its submitter had died',
  'orphan told to stop',
  'kept for what it had submitted',
  'thread retired that is connected with itself',
  'thread retired with its own tasks on it',
  'retired, and stays',
  'told to stay in time',
  'told to stay when it had been released',
  'released, and connected anew',
  'stalled thread replaced that is a sender',
  'closed while nested tasks run',
  'thread became a sender while leaving',
  'thread became a sender while closing',
  'handle given on',
  'handle came home',
  'handle of a task that had ended',
  'handle given back',
  'handle used whose submitter has left',
  'cancel asked by another thread',
  'value heard of by handle',
  'failure heard of by handle',
  'nested task that starts after others',
  'nested map resolved',
  'nested map rejected',
  'waited synchronously',
  'nested task awaited synchronously',
  'failure heard of in a synchronous wait',
  'synchronous wait over its time',
  'synchronous wait refused',
  'synchronous wait interrupted',
  'death in a synchronous wait',
  'map resolved',
  'map rejected',
  'closed or stopped by code of users',
  ...CALL_SITES.flatMap(site => [`cancelled in ${site}`, `submitted in ${site}`] as const),
  'waited synchronously in a callback',
  'waited synchronously in an argument',
  'waited synchronously in a result',
  'waited synchronously in an abort listener',
  'waited synchronously in an iterator',
  'port closed under a living sender',
  'answers that could not be read',
  'tasks that could not be read',
  'start heard of by handle',
  'start heard of in vain by handle',
] as const

export type Race = (typeof RACES)[number]

/** So rare that ten thousand seeds may miss them: each by a seed that meets it, which is run for that. */
export const RARE_RACES: ReadonlyMap<Race, number> = new Map([['thread became a sender while leaving', 291]])

const STEP = 'step '

/** How often each was met. */
export class Races {
  readonly met = new Map<string, number>()

  hit(race: Race): void {
    this.met.set(race, (this.met.get(race) ?? 0) + 1)
  }

  /** A thread has come to a step at which it may die. */
  cameTo(step: string): void {
    this.note(STEP + step)
  }

  /** Beside the races: how tasks ended, where threads died. */
  note(what: string): void {
    this.met.set(what, (this.met.get(what) ?? 0) + 1)
  }

  add(other: Races): void {
    for (const [what, count] of other.met) this.met.set(what, (this.met.get(what) ?? 0) + count)
  }

  get unmet(): Race[] {
    return RACES.filter(race => !this.met.has(race) && !RARE_RACES.has(race))
  }

  /** Steps that threads have come to, and that nobody knows of. */
  get unknownSteps(): string[] {
    const steps = [...this.met.keys()]
      .filter(what => what.startsWith(STEP))
      .map(what => what.slice(STEP.length))
    return steps.filter(step => !DEATH_STEPS.has(step))
  }

  toString(): string {
    return [...this.met]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([what, count]) => `  ${String(count).padStart(9)}  ${what}`)
      .join('\n')
  }
}
