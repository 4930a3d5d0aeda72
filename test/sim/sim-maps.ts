import { Failure } from '#src/bridge/failure.js'
import type { Task } from '#src/core/task.js'
import { DONE } from '#src/core/task-state.js'
import { MapCall, type MapLane } from '#src/lanes/map-call.js'
import { type Actor, Died } from './sim-actor.js'

export interface SimMap {
  /** Whose it is. */
  readonly of: Actor
  readonly tasks: Task[]
  settled: number
  closed: number
  results: readonly unknown[] | null
  error: unknown
  /** Called once it has settled. */
  whenSettled: () => void
  /** What its lane refused a task of it with. */
  refusal: unknown
}

/** How a map's tasks are submitted and cancelled in the simulation. */
export interface SimMapLane extends Pick<MapLane, 'deliveries'> {
  /** Who submits. */
  readonly of: Actor
  /** @throws MultilaneError if it is refused */
  submit(kind: string, resolve: (outcome: unknown, task: Task) => void): Task
  cancel(task: Task): void
  /** Called as its items are read. */
  read?(): void
}

/** The map calls of one run, and what must have become of them. */
export class SimMaps {
  readonly #maps: SimMap[] = []

  start(kinds: readonly string[], lane: SimMapLane): SimMap {
    const { of } = lane
    const unsettled = { settled: 0, closed: 0, results: null, error: null, refusal: null }
    const map: SimMap = { of, tasks: [], ...unsettled, whenSettled: () => {} }
    this.#maps.push(map)
    const submit = (kind: unknown, resolve: (outcome: unknown, task: Task) => void): Task => {
      try {
        const task = lane.submit(kind as string, resolve)
        map.tasks.push(task)
        return task
      } catch (error) {
        map.refusal = error
        throw error
      }
    }
    const items = function* (): Generator<string> {
      try {
        for (const kind of kinds) {
          lane.read?.()
          yield kind
        }
      } finally {
        lane.read?.()
        map.closed++
      }
    }
    MapCall.run({ deliveries: lane.deliveries, submit, cancel: task => lane.cancel(task) }, items()).then(
      results => {
        map.settled++
        map.results = results
        map.closed++
        map.whenSettled()
      },
      error => {
        map.settled++
        map.error = error
        map.whenSettled()
      },
    )
    return map
  }

  /** @param fail called with what should not be so, when nothing is left to happen */
  conclude(fail: (message: string) => never): { readonly resolved: number; readonly rejected: number } {
    for (const { of, tasks, settled, closed, results, error, refusal } of this.#maps) {
      const at = `a map of ${tasks.length} tasks`
      // What a thread awaited that has died never comes, and what it was in the middle of goes no further.
      if (of.dead && (settled === 0 || closed === 0 || error instanceof Died)) continue
      if (settled !== 1) fail(`${at} settled ${settled} times`)
      if (closed === 0) fail(`${at} did not close its iterator`)
      if (results !== null) {
        const wrong = tasks.some((task, i) => task.state !== DONE || results[i] !== task.sequence)
        if (wrong || results.length !== tasks.length) fail(`${at} resolved to ${results}`)
      } else if (refusal === null || error !== refusal) {
        if (tasks.every(task => task.state === DONE)) fail(`${at} rejected with ${error}, and all are DONE`)
        const first = tasks.some(
          ({ payload }) =>
            payload instanceof Failure &&
            (payload.error() as Error).constructor === (error as Error).constructor,
        )
        if (!first) fail(`${at} rejected with ${error}, which is the error of none`)
      }
    }
    const rejected = this.#maps.filter(({ results }) => results === null).length
    return { resolved: this.#maps.length - rejected, rejected }
  }
}
