import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type EndingSender, lastWorkDone } from '#src/lanes/last-work.js'

const test = suite('lanes: the last work of a thread')

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** What a thread submits with: counts as a sender does, and resolves when it comes to none. */
class Submissions implements EndingSender {
  /** How many were unfinished when it left. */
  readonly left: number[] = []
  #unfinished = 0
  #resolve: (() => void)[] = []

  get isIdle(): boolean {
    return this.#unfinished === 0
  }

  idle(): Promise<void> {
    return this.isIdle ? Promise.resolve() : new Promise(resolve => this.#resolve.push(resolve))
  }

  leave(): void {
    this.left.push(this.#unfinished)
  }

  began(): void {
    this.#unfinished++
  }

  ended(): void {
    if (--this.#unfinished === 0) for (const resolve of this.#resolve.splice(0)) resolve()
  }
}

test('it leaves nothing behind of what is submitted as soon as the last is done', async () => {
  const submissions = new Submissions()
  submissions.began()
  const done = lastWorkDone({ isIdle: true, idle: () => Promise.resolve(), end: () => {} }, submissions)
  await turn()
  submissions.ended()
  submissions.began()
  await turn()
  assert.equal(submissions.left, [])
  submissions.ended()
  await done
  assert.equal(submissions.left, [0])
})

test.run()
