import { setTimeout as sleep } from 'node:timers/promises'
import type { Lane, SchedulerThread } from 'multilane'
import * as assert from 'uvu/assert'
import { eventually } from '../support/eventually.js'

type Callback = (...args: unknown[]) => void
type AnyOptions = Readonly<Record<string, unknown>>
type Submit = (name: string, args?: readonly unknown[], options?: AnyOptions) => unknown

/** What the tasks of the quiet lane must have. */
interface Quiet {
  echo(value: unknown): unknown
  thread(): number
}

const FINALS = ['onDone', 'onError', 'onTimeout', 'onCancel']
/** Between two calls of the quiet lane, in milliseconds. */
const PULSE_MS = 5

/** What a fault may leave behind; nothing by default. */
export interface Aftermath<L extends string> {
  /** Lanes that were given up. */
  readonly failed?: readonly L[]
  /** Messages that made no sense. */
  readonly strays?: number
  /** Tasks that were not submitted through the witness. */
  readonly unseen?: number
}

/**
 * Sees to it that whatever befalls a scheduler's lanes keeps what holds in every fault: each task ends exactly once,
 * another lane notices nothing, nothing hangs, and what was lost is replaced.
 *
 * Tasks are submitted through its `lanes`. By turns they have callbacks that count their ends, and none, as those have
 * ways of their own; all together are compared with what the scheduler says has finished.
 */
export class Witness<M, L extends string> {
  readonly lanes: SchedulerThread<M, L>['lanes']
  readonly #scheduler: SchedulerThread<M, L>
  readonly #quiet: Lane<Quiet>
  readonly #thread: number
  readonly #threads: ReadonlyMap<string, number>
  readonly #before: number
  /** How often each task with callbacks has ended. */
  readonly #ends: { count: number }[] = []
  #plain = 0
  #turn = 0
  #over = false
  readonly #pulse: Promise<unknown>

  /** @param quiet the lane on which nothing happens */
  static async of<M extends Quiet, L extends string>(
    scheduler: SchedulerThread<M, L>,
    quiet: NoInfer<L>,
  ): Promise<Witness<M, L>> {
    const thread = await (scheduler.lanes[quiet] as unknown as Lane<Quiet>).run('thread')
    const { lanes } = await scheduler.stats()
    const threads = new Map(Object.entries(lanes).map(([name, lane]) => [name, lane.threads]))
    return new Witness(scheduler, quiet, thread, threads, await finishedOn(scheduler))
  }

  private constructor(
    scheduler: SchedulerThread<M, L>,
    quiet: NoInfer<L>,
    thread: number,
    threads: ReadonlyMap<string, number>,
    before: number,
  ) {
    this.#scheduler = scheduler
    this.#thread = thread
    this.#threads = threads
    this.#before = before
    const lanes = Object.entries<Lane<M>>(scheduler.lanes).map(([name, lane]) => [name, this.#seen(lane)])
    this.lanes = Object.fromEntries(lanes)
    this.#quiet = this.lanes[quiet] as unknown as Lane<Quiet>
    this.#pulse = this.#feelPulse()
    this.#pulse.catch(() => {})
  }

  /** Waits for all to have ended, and fails if anything was not as it always must be. */
  async kept({ failed = [], strays = 0, unseen = 0 }: Aftermath<L> = {}): Promise<void> {
    const scheduler = this.#scheduler
    this.#over = true
    await this.#pulse
    await eventually('every task has ended', async () => (await scheduler.stats()).unfinished === 0)
    for (const { count } of this.#ends) assert.is(count, 1, 'each task ends once')
    assert.is((await finishedOn(scheduler)) - this.#before, this.#plain + this.#ends.length + unseen)

    const quiet = this.#quiet.name as L
    assert.is(await this.#quiet.run('thread'), this.#thread, 'the other lane has its thread')
    for (const [name, before] of this.#threads) {
      if (failed.includes(name as L)) continue
      // Within a generous bound, which is that of `eventually`.
      await eventually(`lane '${name}' has its threads`, async () => {
        return (await scheduler.stats()).lanes[name]!.threads >= before
      })
      const lane = this.lanes[name as L] as unknown as Lane<Quiet>
      assert.is(await lane.run('echo', ['ready']), 'ready')
    }
    const stats = await scheduler.stats()
    assert.is(stats.lanes[quiet]?.restarts, 0)
    assert.is(stats.strays, strays)
    for (const name of failed) assert.is(stats.lanes[name]?.waiting, 0)
  }

  /** A lane that is used as any other, and counts the ends of its tasks. */
  #seen(lane: Lane<M>): Lane<M> {
    const submit = lane.submit.bind(lane) as unknown as Submit
    const run = lane.run.bind(lane) as unknown as Submit
    return {
      name: lane.name,
      run: (name: string, args?: readonly unknown[], options?: AnyOptions) =>
        run(name, args, this.#counting(options)),
      submit: (name: string, args?: readonly unknown[], options?: AnyOptions) => {
        if (this.#turn++ % 2 === 0) return submit(name, args, this.#counting(options))
        const handle = options === undefined ? submit(name, args) : submit(name, args, options)
        this.#plain++
        return handle
      },
    } as unknown as Lane<M>
  }

  #counting(options: AnyOptions = {}): AnyOptions {
    const end = { count: 0 }
    let isKnown = false
    const heard = (callback: string): Callback => {
      const own = options[callback] as Callback | undefined
      return (...args) => {
        // Only now: one that is refused ends not at all.
        if (!isKnown) this.#ends.push(end)
        isKnown = true
        if (callback !== 'onSubmit') end.count++
        own?.(...args)
      }
    }
    const callbacks = ['onSubmit', ...FINALS].map(callback => [callback, heard(callback)])
    return { ...options, ...Object.fromEntries(callbacks) }
  }

  /** Calls the quiet lane again and again. */
  async #feelPulse(): Promise<void> {
    for (let beat = 0; !this.#over; beat++) {
      assert.is(await this.#quiet.run('echo', [beat]), beat)
      await sleep(PULSE_MS)
    }
  }
}

async function finishedOn<M, L extends string>(scheduler: SchedulerThread<M, L>): Promise<number> {
  const { lanes } = await scheduler.stats()
  return Object.values(lanes)
    .flatMap(({ finished }) => Object.values(finished))
    .reduce((sum, count) => sum + count, 0)
}
