import { setTimeout as sleep } from 'node:timers/promises'
import { currentTask, type TaskHandle } from 'multilane/task'
import type { Random } from '../support/random.js'
import { type BoardMemory, FIRST_NESTED, sharedNow } from './board.js'
import { hasRoom, nextNumber, note, ownThread } from './journal.js'
import { planTask, termsOf } from './task-plan.js'
import { CALLBACKS, LANE_NAMES, type TortureLane } from './torture-lanes.js'
import { causeOf, codeOf, type Given, holdersOf, waitSomehow } from './waiting.js'

type Torture = typeof import('./tasks/torture.js')

/** One run of a task that submits others. All that becomes of those, as far as it lives to see it, is in the journal. */
export class Nest {
  readonly #board: BoardMemory
  readonly #task: number
  readonly #random: Random
  readonly #depth: number
  readonly #known: Given[]
  readonly #lanes = currentTask<Torture, TortureLane>().lanes
  readonly #signal = currentTask().signal

  /** @param depth how deep below it tasks may submit others */
  constructor(board: BoardMemory, task: number, random: Random, depth: number, known: readonly Given[]) {
    this.#board = board
    this.#task = task
    this.#random = random
    this.#depth = depth
    this.#known = [...known]
  }

  async run(): Promise<void> {
    for (let steps = 1 + this.#random.below(4); steps > 0; steps--) await this.#step()
  }

  async #step(): Promise<void> {
    const random = this.#random
    const one = this.#submit()
    switch (random.below(6)) {
      case 0: {
        const many = [one, ...Array.from({ length: random.below(5) }, () => this.#submit())]
        await Promise.all(many.map(each => each && this.#wait(each)))
        return
      }
      case 1:
        // Nobody waits for it.
        if (random.chance(0.3)) await sleep(random.below(5))
        return
      case 2:
        if (random.chance(0.5)) await sleep(random.below(5))
        if (one !== undefined) this.#cancel(one)
        break
      case 3:
        one?.handle.setPriority(random.below(9))
        break
    }
    if (one !== undefined) await this.#wait(one)
    if (this.#known.length > 0 && random.chance(0.3)) await this.#wait(random.pick(this.#known))
  }

  #cancel({ task, handle }: Given): void {
    const { journal } = this.#board
    note(journal, { what: 'cancel', task })
    const decided = handle.cancel('not wanted')
    note(journal, { what: 'cancelled', task, decided })
  }

  #wait(one: Given): Promise<void> {
    return waitSomehow(this.#board, this.#task, one, this.#random)
  }

  /** @returns undefined if it was refused, or there is no room for it on the board */
  #submit(): Given | undefined {
    const { journal } = this.#board
    if (!hasRoom(journal)) return undefined
    const task = FIRST_NESTED + nextNumber(journal, 'tasks')
    const plan = planTask(this.#random, this.#board, task, this.#random.pick(LANE_NAMES), this.#signal, {
      depth: this.#depth,
      known: this.#known,
    })
    const { lane, name, args, options } = plan
    note(journal, {
      what: 'submit',
      task,
      parent: this.#task,
      thread: ownThread(),
      lane,
      name,
      at: sharedNow(),
      ...termsOf(plan),
    })
    let handle: TaskHandle
    try {
      handle = this.#lanes[lane].submit(
        name,
        args as never,
        { ...options, ...this.#callbacks(task) } as never,
      ) as TaskHandle
    } catch (error) {
      note(journal, { what: 'refuse', task, code: codeOf(error) })
      return undefined
    }
    const given = { task, handle }
    this.#known.push(given)
    return given
  }

  #callbacks(task: number): Record<string, (handle: TaskHandle, answer: unknown) => void> {
    const { journal } = this.#board
    const told = (callback: string) => (handle: TaskHandle, answer: unknown) => {
      const end =
        callback === 'done'
          ? { value: answer }
          : callback === 'submit' || callback === 'start'
            ? {}
            : { code: codeOf(answer), cause: causeOf(answer), holders: holdersOf(answer) }
      const started = handle.timestamps.start !== undefined
      note(journal, { what: 'tell', task, callback, at: sharedNow(), started, ...end })
    }
    return Object.fromEntries(Object.entries(CALLBACKS).map(([callback, option]) => [option, told(callback)]))
  }
}
