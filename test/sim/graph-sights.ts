/** What must be met over the graphs of one batch: a property that never meets a shape proves nothing about it. */
export const GRAPH_SHAPES = [
  'a cycle of one refused',
  'a cycle of two refused',
  'a cycle of three refused',
  'a longer cycle refused',
  'a cycle across lanes refused',
  'a refusal that was caught',
  'a refusal that was not caught',
  'a refusal within a nested task',
  'a wait for one that was refused',
  'a diamond',
  'several waiters for one',
  'a handle that passed through three lanes',
  'a handle that came home',
  'a nested task awaited by another than its submitter',
  'nested three deep',
  'several awaited at once',
  'after a nested task',
  'after a task of another thread',
  'failed for one that it was to start after',
  'failed with the error of one that it awaited',
  'left behind by its submitter',
  'submitted on its own thread',
  'main blocked during a wait',
  'submitter died during a wait',
  'executor died during a wait',
  'receiver died during a wait',
  'its death told as the outcome',
  'the death of its submitter told as the outcome',
  'a nested task lost with its submitter',
  'a dependant failed for a death',
  'a value told though its submitter died',
] as const

export type GraphShape = (typeof GRAPH_SHAPES)[number]

/** How often each was met. */
export class GraphSights {
  readonly met = new Map<GraphShape, number>()

  hit(shape: GraphShape): void {
    this.met.set(shape, (this.met.get(shape) ?? 0) + 1)
  }

  add(other: GraphSights): void {
    for (const [shape, count] of other.met) this.met.set(shape, (this.met.get(shape) ?? 0) + count)
  }

  get unmet(): GraphShape[] {
    return GRAPH_SHAPES.filter(shape => !this.met.has(shape))
  }

  toString(): string {
    return GRAPH_SHAPES.map(shape => `  ${String(this.met.get(shape) ?? 0).padStart(9)}  ${shape}`).join('\n')
  }
}
