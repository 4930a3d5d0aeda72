import { fileURLToPath } from 'node:url'
import { Piscina, type PiscinaTask, type TaskQueue } from 'piscina'
import type { Rig } from './rig.js'

const URGENT = { priority: 1 }

/** Two levels, first in first out in each: all that the two kinds of work here need. */
class TwoLevelQueue implements TaskQueue {
  readonly #urgent: PiscinaTask[] = []
  readonly #rest: PiscinaTask[] = []

  get size(): number {
    return this.#urgent.length + this.#rest.length
  }

  push(task: PiscinaTask): void {
    this.#levelOf(task).push(task)
  }

  shift(): PiscinaTask | null {
    return this.#urgent.shift() ?? this.#rest.shift() ?? null
  }

  remove(task: PiscinaTask): void {
    const level = this.#levelOf(task)
    const index = level.indexOf(task)
    if (index >= 0) level.splice(index, 1)
  }

  #levelOf(task: PiscinaTask): PiscinaTask[] {
    return task[Piscina.queueOptionsSymbol as never] === URGENT ? this.#urgent : this.#rest
  }
}

export async function openPriorityPool(threads: number): Promise<Rig> {
  const pool = new Piscina({
    filename: fileURLToPath(new URL('../../tasks/mixed.js', import.meta.url)),
    minThreads: threads,
    maxThreads: threads,
    taskQueue: new TwoLevelQueue(),
  })
  return {
    urgent: seed => pool.run({ seed, [Piscina.queueOptionsSymbol]: URGENT }, { name: 'check' }),
    bulk: iterations => pool.run({ iterations }, { name: 'derive' }),
    close: () => pool.destroy(),
  }
}
