/**
 * The states of a task, and which may follow which.
 *
 * | state     | meaning                                             | entered from                       |
 * |-----------|-----------------------------------------------------|------------------------------------|
 * | NEW       | made, not yet accepted                              |                                    |
 * | SUBMITTED | accepted: it waits in its sender's ready queue      | NEW, SCHEDULED (taken back)        |
 * | SCHEDULED | sent to a thread, or waiting for its time or others | NEW, SUBMITTED, STARTED (a retry)  |
 * | STARTED   | a lane thread claimed it                            | SCHEDULED                          |
 * | DONE      | it returned                                         | STARTED                            |
 * | FAILED    | it threw, or what it ran on died                    | any that is not final              |
 * | TIMED_OUT | its timeout, queueTimeout or deadline ran out       | any that is not final              |
 * | CANCELED  | its outcome was given up                            | any that is not final              |
 *
 * The last four are final: exactly one of them is ever entered, and nothing follows it. While a task is sent,
 * its state lives in the shared table and every change is a compare-and-exchange there, so that whichever of
 * lane thread, sender and supervisor comes first decides, and the others learn that they did not. Before and
 * after, the sender's own record holds it. Numbers, because they are what the shared table holds.
 */
export const NEW = 0
export const SUBMITTED = 1
export const SCHEDULED = 2
export const STARTED = 3
export const DONE = 4
export const FAILED = 5
export const TIMED_OUT = 6
export const CANCELED = 7

export const TASK_STATES = [
  'NEW',
  'SUBMITTED',
  'SCHEDULED',
  'STARTED',
  'DONE',
  'FAILED',
  'TIMED_OUT',
  'CANCELED',
] as const

/** One of the eight states a task is in. */
export type TaskState = (typeof TASK_STATES)[number]
export type FinalState = 'DONE' | 'FAILED' | 'TIMED_OUT' | 'CANCELED'
/** The two groups that can be waited for and filtered by, beside the states themselves. */
export type TaskStateGroup = 'RUNNING' | 'FINISHED'

export const TASK_STATE_GROUPS: Readonly<Record<TaskStateGroup, readonly TaskState[]>> = Object.freeze({
  RUNNING: ['STARTED'],
  FINISHED: ['DONE', 'FAILED', 'TIMED_OUT', 'CANCELED'],
})

/** What may follow each state, by its number. */
export const TRANSITIONS: readonly (readonly number[])[] = [
  [SUBMITTED, SCHEDULED, FAILED, TIMED_OUT, CANCELED],
  [SCHEDULED, FAILED, TIMED_OUT, CANCELED],
  [STARTED, SUBMITTED, FAILED, TIMED_OUT, CANCELED],
  [SCHEDULED, DONE, FAILED, TIMED_OUT, CANCELED],
  [],
  [],
  [],
  [],
]

/** The same as one bit a state: this is asked twice a task. */
const FOLLOWERS = TRANSITIONS.map(followers => followers.reduce((bits, state) => bits | (1 << state), 0))

export function isFinal(state: number): boolean {
  return state >= DONE
}

export function mayFollow(from: number, to: number): boolean {
  return ((FOLLOWERS[from] ?? 0) & (1 << to)) !== 0
}

/** Whether a state is the named state or belongs to the named group. */
export function matches(state: TaskState, wanted: TaskState | TaskStateGroup): boolean {
  return wanted === 'RUNNING' || wanted === 'FINISHED'
    ? TASK_STATE_GROUPS[wanted].includes(state)
    : state === wanted
}
