import type { Detectors } from './detectors.js'
import type { Races } from './races.js'
import type { Entry } from './sim-sender.js'
import type { SimThread } from './sim-thread.js'

/** A task's code begins again only after a failure that it may repeat, or a death that explains it. */
export function checkRerun(entry: Entry, thread: SimThread, detectors: Detectors, races: Races): void {
  const { begun, idempotent, transferring, answersUnread, task } = entry
  if (begun.length === 0) return
  const wrong = (message: string): never => detectors.fail('run-twice', message, { entry, thread })
  const failures = task.extras?.failures ?? 0
  if (failures > entry.retries) wrong(`it failed ${failures} times`)
  // A port that closed is to its sender what a death is, though the thread may take a little longer to die.
  const died = begun.filter(one => one.isGone || one.terminated || one.isCutOff).length
  // Nor does its sender know of an answer that could not be read.
  const lost = died + answersUnread
  const explained = failures + (idempotent && !transferring ? lost : 0)
  if (begun.length > explained)
    wrong(`it begins for the ${begun.length + 1}th time, after ${failures} failures`)
  races.hit(failures < begun.length ? 'run again after death' : 'run again after failure')
}
