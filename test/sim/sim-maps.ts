import { Failure } from '#src/bridge/failure.js'
import { QueueFullError } from '#src/core/errors.js'
import type { Task } from '#src/core/task.js'
import { DONE } from '#src/core/task-state.js'
import { MapCall } from '#src/lanes/map-call.js'

interface SimMap {
  readonly tasks: Task[]
  settled: number
  closed: number
  results: readonly unknown[] | null
  error: unknown
}

/** How a map's tasks are submitted and cancelled in the simulation. */
export interface SimMapLane {
  /** @throws QueueFullError */
  submit(kind: string, resolve: (outcome: unknown, task: Task) => void): Task
  cancel(task: Task): void
}

/** The map calls of one run, and what must have become of them. */
export class SimMaps {
  readonly #maps: SimMap[] = []

  start(kinds: readonly string[], lane: SimMapLane): void {
    const map: SimMap = { tasks: [], settled: 0, closed: 0, results: null, error: null }
    this.#maps.push(map)
    const submit = (kind: unknown, resolve: (outcome: unknown, task: Task) => void): Task => {
      const task = lane.submit(kind as string, resolve)
      map.tasks.push(task)
      return task
    }
    const items = function* (): Generator<string> {
      try {
        yield* kinds
      } finally {
        map.closed++
      }
    }
    MapCall.run({ submit, cancel: task => lane.cancel(task) }, items()).then(
      results => {
        map.settled++
        map.results = results
        map.closed++
      },
      error => {
        map.settled++
        map.error = error
      },
    )
  }

  /** What must hold when nothing is left to happen. @throws Error */
  conclude(seed: number): { readonly mapped: number; readonly failedMaps: number } {
    for (const { tasks, settled, closed, results, error } of this.#maps) {
      const at = `seed ${seed}: a map of ${tasks.length} tasks`
      if (settled !== 1) throw new Error(`${at} settled ${settled} times`)
      if (closed === 0) throw new Error(`${at} did not close its iterator`)
      if (results !== null) {
        const wrong = tasks.some((task, i) => task.state !== DONE || results[i] !== task.sequence)
        if (wrong || results.length !== tasks.length) throw new Error(`${at} resolved to ${results}`)
      } else if (!(error instanceof QueueFullError) && tasks.every(task => task.state === DONE)) {
        throw new Error(`${at} rejected with ${error}, and all are DONE`)
      } else if (!(error instanceof QueueFullError)) {
        const first = tasks.some(
          ({ payload }) =>
            payload instanceof Failure &&
            (payload.error() as Error).constructor === (error as Error).constructor,
        )
        if (!first) throw new Error(`${at} rejected with ${error}, which is the error of none`)
      }
    }
    const failedMaps = this.#maps.filter(({ results }) => results === null).length
    return { mapped: this.#maps.length - failedMaps, failedMaps }
  }
}
