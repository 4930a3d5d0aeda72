/**
 * What each of them watches:
 *
 * | detector         | what must hold                                                                               |
 * |------------------|----------------------------------------------------------------------------------------------|
 * | `settled-once`   | a task that has ended was told so, once, and the unfinished ones are counted                 |
 * | `callback-order` | each callback comes once at most, and the final one last                                     |
 * | `concurrency`    | no thread runs more tasks at a time than its lane lets it                                    |
 * | `key-turns`      | no two tasks of one key run at a time, whoever submitted them                               |
 * | `run-twice`      | a task's code begins again only after a failure that it may repeat, or a death that explains it |
 * | `state`          | a task whose code runs is started                                                            |
 * | `credits`        | what a sender counts as being on a thread is what is there, and no more than may be          |
 * | `slots`          | a slot is free only once its thread has answered it or is dead; none is left over            |
 * | `answered-once`  | each slot is answered once, by the thread it was sent to                                     |
 * | `queue-limit`    | no more tasks wait than the lane takes, whoever submitted them, and the count of them is right |
 * | `times`          | a task begins neither before nor after its time, and times out at a limit that it has        |
 * | `sight`          | what is to be seen of a task makes sense at any moment                                       |
 * | `counts`         | every end is counted, once                                                                   |
 * | `threads`        | a lane has no more threads than it may have                                                  |
 * | `after`          | a task begins when those that it is to start after are done, and fails if one has failed     |
 * | `starvation`     | an aged task is overtaken by no more than the bound of the queues                            |
 * | `outcome`        | a task ends as it may, considering what it is and what befell it                             |
 * | `waits`          | who waits for all tasks, or for a start, is told when it is so, and not before               |
 * | `edges`          | what a more urgent task is to start after goes as early; of waits that are over nothing is left |
 * | `close`          | a connection ends on both sides, a thread that is not wanted goes, and `close()` resolves    |
 * | `strays`         | no message made no sense, and no fault was reported                                          |
 * | `orphans`        | a task whose submitter is known to be dead does not begin, and is told to stop if it has     |
 * | `idle`           | a thread that has submitted what has not ended is not taken to be idle                       |
 * | `handles`        | a handle tells and shows what has become of its task; with the last goes what was kept of it |
 * | `retirements`    | a thread that is to retire leaves, whoever has died meanwhile                                |
 * | `connected`      | whoever submits tasks of a lane is connected with each of its threads that is to stay        |
 * | `forgotten`      | when nothing is left to happen but timers, nothing waits that could go on                    |
 * | `hung`           | without faults everything ends                                                               |
 */
export type Detector =
  | 'settled-once'
  | 'callback-order'
  | 'concurrency'
  | 'key-turns'
  | 'run-twice'
  | 'state'
  | 'credits'
  | 'slots'
  | 'answered-once'
  | 'queue-limit'
  | 'times'
  | 'sight'
  | 'counts'
  | 'threads'
  | 'after'
  | 'starvation'
  | 'outcome'
  | 'waits'
  | 'edges'
  | 'close'
  | 'strays'
  | 'orphans'
  | 'idle'
  | 'handles'
  | 'retirements'
  | 'connected'
  | 'forgotten'
  | 'hung'

/** Something that must not be. */
export class Violation extends Error {
  readonly detector: Detector

  constructor(detector: Detector, message: string) {
    super(message)
    this.name = 'Violation'
    this.detector = detector
  }
}
