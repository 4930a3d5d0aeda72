/**
 * Seeds that have failed, and of what. They are run in any case, however few or many others are. A seed is another run
 * once the workload changes, so each cause has a test of its own beside.
 */
export const KEPT_SEEDS: ReadonlyMap<number, string> = new Map([
  [12918, 'what was forgotten just before its answer left was kept for nobody'],
  [14474, 'the same'],
  [1035, 'a thread that was ready when its start had timed out got tasks (lane-thread.test)'],
  [6536, 'the same, with two senders'],
  [2258, 'the simulation kept a port that was lost on its way, and the end from its sender (sim-port.test)'],
  [25454, 'the promises of a supervisor that was dead leased a thread (sim-port.test)'],
  [1557, 'a sender that waited for room no more kept a thread from telling another (lane-link.test)'],
  [1071, 'the same'],
  [65120, 'a sender that asked for room before a thread knew it was not told (run-loop.test)'],
  [71042, 'the same'],
  [56608, 'a slot was minded of a thread that had left'],
  [86267, 'the simulation let a start wait for a supervisor that had been ended'],
  [115698, 'the simulation did not expect a close to take arguments with it that were handed over'],
  [716683, 'the same'],
  [218, 'a task that inherited the priority it had asked for its turn again, and was not looked at'],
  [32830, 'a handle given as an attempt had failed showed FAILED for ever'],
  [2275, 'a task that was given up waited under the name of another'],
  [
    11851,
    'a result that could not be cloned was told as the end, and its submitter cancelled what was to be run again',
  ],
  [7275, 'a thread died, and a handle that it had given on was not known to be held'],
  [3618, 'the same'],
  [
    266057,
    'a key was free when its submitter died whose task had failed with a thread that had not exited (orphaned-tasks.test)',
  ],
  [279721, 'the simulation did not expect a value to be gone while its submitter is in its teardown'],
  [317393, 'the simulation did not expect handles to tell of an answer that was lost with its port'],
  [
    434186,
    'a wait was refused since another that blocked its thread for a time was in its way (wait-book.test)',
  ],
  [
    621192,
    'a handle that was given as an attempt had failed showed FAILED when its task was cancelled (shared-table.test)',
  ],
  [
    617988,
    'the simulation did not expect a wait to be interrupted of a task that had been given up and had no slot any more',
  ],
  [
    476319,
    'the simulation did not expect a place in a full queue to be had by one that would not have waited for it',
  ],
  [27, 'a task that had just started was dropped for want of room'],
  [61, 'the same'],
  [845, 'a submitter that left took back no handle that had gone with a task which was not to start'],
  [5002501, 'the simulation took what had died with its thread for beyond its limit'],
  [5007718, 'the simulation collected what a thread was still to be told of, though it waited no more'],
  [5025410, 'a thread died just before it told that there was room in a queue (lane-queues.test)'],
  [6013095, 'a task whose time ran out while it was being refused failed with the refusal (values.test)'],
  [6526574, 'the simulation had its end while a task that had been given up still gave a handle on'],
  [7002233, 'a thread left while one was submitted just as the last that it had was done (last-work.test)'],
  [7007762, 'the simulation did not know that a handle elsewhere had given a task another priority'],
  [7516844, 'there was room in a queue before the supervisor knew of a thread that waits for it'],
  [2843, 'of a submitter that had left, a failure was kept by its thread for nobody'],
  [354118, 'a thread left, and named itself as the one that has the value of a task (left-handles.test)'],
])
