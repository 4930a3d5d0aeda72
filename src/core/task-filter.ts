import { knownKeys, oneOf, plainObject } from './checks.js'
import { InvalidArgumentError } from './errors.js'
import { matches, TASK_STATES, type TaskState, type TaskStateGroup } from './task-state.js'

/** Which tasks are meant; without a member, whatever it would say. */
export interface TaskFilter {
  /** The name of their lane. */
  readonly lane?: string
  /** Their state, or a group of states: `RUNNING` or `FINISHED`. */
  readonly state?: TaskState | TaskStateGroup
}

/** A filter that has been checked. */
export interface TaskQuery {
  readonly lane: string | undefined
  /** A bit for each state that is wanted. */
  readonly states: number
}

/** All states, a bit for each. */
export const ANY_STATE = (1 << TASK_STATES.length) - 1
const STATES_AND_GROUPS = [...TASK_STATES, 'RUNNING', 'FINISHED'] as const

/** @throws InvalidArgumentError (`ERR_INVALID_ARG`) that names the option, also if there is no such lane */
export function readTaskFilter(filter: TaskFilter, lanes: readonly string[]): TaskQuery {
  knownKeys('filter', plainObject('filter', filter), ['lane', 'state'])
  return readTaskQuery(filter, lanes)
}

/** As `readTaskFilter`, of an object that may have other members beside. */
export function readTaskQuery({ lane, state }: TaskFilter, lanes: readonly string[]): TaskQuery {
  if (lane !== undefined) knownLane(lane, lanes)
  return {
    lane,
    states: state === undefined ? ANY_STATE : statesOf(oneOf('state', state, STATES_AND_GROUPS)),
  }
}

/** @throws InvalidArgumentError (`ERR_INVALID_ARG`) if there is no such lane */
export function knownLane(lane: string, lanes: readonly string[]): void {
  if (!lanes.includes(lane)) throw new InvalidArgumentError('lane', `one of ${lanes.join(', ')}`, lane)
}

function statesOf(wanted: TaskState | TaskStateGroup): number {
  return TASK_STATES.reduce((bits, state, i) => (matches(state, wanted) ? bits | (1 << i) : bits), 0)
}
