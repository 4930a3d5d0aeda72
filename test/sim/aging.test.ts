import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { AGED_EVERY, AGING_MS, ReadyQueue } from '#src/core/ready-queue.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { Detectors } from './detectors.js'
import { watchTables } from './protocol-steps.js'
import { Races } from './races.js'
import { SimScheduler } from './sim-scheduler.js'
import { type Entry, entryOf } from './sim-sender.js'
import { SimWorld } from './sim-world.js'
import { Violation } from './violation.js'

const test = suite('simulation: aging')

/** More urgent tasks that are submitted whenever fewer than so many wait: there is never an end of them. */
const STREAM = 40

interface Options {
  readonly threads: number
  readonly concurrency: number
  /** What the tasks are. */
  readonly kind: 'brief' | 'slow'
  /** Tasks as patient as the one that is watched, and older. */
  readonly older: number
  readonly keyed: boolean
  /** Whether the patient task hands objects over, and can only go to a thread that is free. */
  readonly transferring?: boolean
}

/**
 * Runs until the patient task has started.
 *
 * @returns how many tasks of the lane started after it had aged and before it started
 * @throws Violation if they are too many
 */
async function overtakenBy(seed: number, options: Options): Promise<number> {
  const world = new SimWorld(seed)
  world.interleaving = 0
  const { random } = world
  const races = new Races()
  const detectors = new Detectors(seed, world, races)
  const { threads, concurrency } = options
  const scheduler = new SimScheduler(
    world,
    [
      {
        threads: { min: threads, max: threads, idleTimeout: 1000 },
        concurrency,
        grace: 50,
        spin: 0,
        queueLimit: Number.POSITIVE_INFINITY,
        overload: 'reject',
        stallAfter: Number.POSITIVE_INFINITY,
        onStall: 'report',
        restart: { max: 5, within: 10_000 },
      },
    ],
    { senders: 1, races, watcher: detectors },
  )
  detectors.watch(scheduler)
  watchTables(null, null, (sender, sequence) => detectors.claimed(sender, sequence))
  scheduler.life.start().catch(() => {})
  const { main } = scheduler
  const submit = (priority: number, transferring = false): Entry => {
    const extras = new TaskExtras()
    extras.priority = priority
    if (transferring) extras.transfer = [new ArrayBuffer(1)]
    // Some are more urgent still, so that they overtake what was sent.
    if (priority > 0 && random.chance(0.3)) extras.deadline = world.now() + 1e9
    if (options.keyed && priority > 0) extras.key = `${random.below(3)}`
    const settle = (): void => detectors.settled(entry)
    const target = main.lane.target(options.kind)
    const task = new Task(target, main.sender.nextSequence(), [0], world.now(), settle, extras)
    const entry = entryOf(main, task, options.kind)
    main.hand(entry)
    return entry
  }
  for (let i = 0; i < 10; i++) submit(5)
  for (let i = 0; i < options.older; i++) submit(0)
  const patient = submit(0, options.transferring)
  for (let steps = 0; steps < 200_000; steps++) {
    while (main.lane.waiting < STREAM + options.older) submit(1 + random.below(9))
    if (patient.begun.length > 0) return world.now() - patient.task.since < AGING_MS ? 0 : patient.overtaken
    // No leap to a far deadline: what the tasks take is the time that goes by.
    world.step(world.now() + 50)
    for (let round = 0; round < 8; round++) await undefined
    detectors.afterStep()
  }
  throw new Error('it never started')
}

const optionsOf = (seed: number): Options => ({
  threads: 1 + (seed % 2),
  concurrency: seed % 3 === 0 ? 8 : 1,
  kind: seed % 8 === 0 ? 'brief' : 'slow',
  older: seed % 5,
  keyed: seed % 7 === 0,
})

test('a patient task is overtaken by no more than the bound of both queues, though urgent ones never end', async () => {
  let most = 0
  for (let seed = 1; seed <= 40; seed++) most = Math.max(most, await overtakenBy(seed, optionsOf(seed)))
  assert.ok(most > 0, 'it never had to age, so this shows nothing')
})

test('nor does a task starve that hands objects over, and needs a thread that is free', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const options: Options = {
      ...optionsOf(seed),
      concurrency: 1,
      older: 0,
      keyed: false,
      transferring: true,
    }
    await overtakenBy(seed, options)
  }
})

test(`queues that never look for what has aged are found by the detector 'starvation'`, async () => {
  const { pop } = ReadyQueue.prototype
  ReadyQueue.prototype.pop = function <T>(this: ReadyQueue<never>, now: number): T | null {
    // What has aged is looked for when so many others were taken, which never happens.
    return pop.call(this, now - AGED_EVERY * 1e9) as T | null
  } as typeof pop
  process.on('unhandledRejection', () => {})
  try {
    await overtakenBy(1, optionsOf(1))
    assert.unreachable()
  } catch (error) {
    assert.instance(error, Violation, String(error))
    assert.is((error as Violation).detector, 'starvation')
  } finally {
    ReadyQueue.prototype.pop = pop
  }
})

test.run()
