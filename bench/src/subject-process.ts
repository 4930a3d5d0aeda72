import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { isDisturbed, machineTime, ownTime } from './foreign-load.js'
import type { FiguresOf, FromSubject, RequestOf, SetupOf, ToSubject } from './subjects/subject.js'

/** The figures of one round. */
export interface Measured<F> {
  readonly figures: F
  /** Other programs kept the machine busy meanwhile. */
  readonly disturbed: boolean
}

/** Every contender ends by itself within this time, or it is ended, in milliseconds. */
const EXIT_WITHIN_MS = 5_000

/**
 * A subject in a process of its own: contenders then share neither heap, nor compiled code, nor thread pool. Between
 * its rounds it sleeps, so any number of them may be open and measured in turn.
 */
export class SubjectProcess<O> {
  readonly #child: ChildProcess

  /** @param module the name of the file in `subjects` whose `open` it is */
  static async open<O>(module: string, setup: SetupOf<O>): Promise<SubjectProcess<O>> {
    const subject = new SubjectProcess<O>()
    await subject.#ask({
      type: 'open',
      module: new URL(`./subjects/${module}.js`, import.meta.url).href,
      setup,
    })
    return subject
  }

  private constructor() {
    this.#child = fork(new URL('./subject-entry.js', import.meta.url))
  }

  async round(request: RequestOf<O>): Promise<Measured<FiguresOf<O>>> {
    const start = performance.now()
    const before = machineTime() - ownTime()
    const { figures, used } = await this.#ask({ type: 'round', request })
    const foreign = machineTime() - ownTime() - before - used
    const disturbed = isDisturbed(foreign, performance.now() - start, availableParallelism())
    return { figures: figures as FiguresOf<O>, disturbed }
  }

  async close(): Promise<void> {
    const exited = once(this.#child, 'exit')
    await this.#ask({ type: 'close' })
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), EXIT_WITHIN_MS)
    await exited
    clearTimeout(timer)
  }

  #ask(message: ToSubject): Promise<{ readonly figures?: unknown; readonly used: number }> {
    return new Promise((resolve, reject) => {
      const exited = (code: number | null): void =>
        reject(new Error(`a measured process exited with code ${code}`))
      this.#child.once('exit', exited)
      this.#child.once('message', (answer: FromSubject) => {
        this.#child.off('exit', exited)
        if (answer.type === 'done') resolve(answer)
        else reject(new Error(answer.error))
      })
      this.#child.send(message)
    })
  }
}
