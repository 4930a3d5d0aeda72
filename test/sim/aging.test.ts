import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { MAX_WINDOW } from '#src/core/credit-window.js'
import { AGED_EVERY, AGING_MS } from '#src/core/ready-queue.js'
import { Task, TaskExtras } from '#src/core/task.js'
import { SimScheduler } from './sim-scheduler.js'
import { SimWorld } from './sim-world.js'

const test = suite('simulation: aging')

/** More urgent tasks that are submitted whenever fewer than so many wait: there is never an end of them. */
const STREAM = 40

interface Options {
  readonly threads: number
  readonly concurrency: number
  /** Milliseconds a task takes, at most. */
  readonly duration: number
  /** Tasks as patient as the one that is watched, and older. */
  readonly older: number
  readonly keyed: boolean
  /** Whether the patient task hands objects over, and can only go to a thread that is free. */
  readonly transferring?: boolean
}

/** Returns how many tasks of the lane started after the patient one had aged and before it started. */
async function overtakenBy(seed: number, options: Options): Promise<number> {
  const world = new SimWorld(seed)
  const { random, clock } = world
  const scheduler = new SimScheduler(
    world,
    {
      work: (_, value) => {
        clock.advance(random.next() * options.duration)
        return value
      },
    },
    {
      threads: { min: options.threads, max: options.threads },
      concurrency: options.concurrency,
      grace: 50,
      queueLimit: Number.POSITIVE_INFINITY,
      overload: 'reject',
    },
  )
  const { lane, sender } = scheduler
  const submit = (priority: number, transferring = false): Task => {
    const extras = new TaskExtras()
    extras.priority = priority
    if (transferring) extras.transfer = [new ArrayBuffer(1)]
    // Some are more urgent still, so that they overtake what was sent.
    if (priority > 0 && random.chance(0.3)) extras.deadline = clock.now() + 1e9
    if (options.keyed && priority > 0) extras.key = `${random.below(3)}`
    const task = new Task(lane.target('work'), sender.nextSequence(), [0], clock.now(), null, extras)
    lane.submit(task, lane.admit())
    return task
  }
  for (let i = 0; i < 10; i++) submit(5)
  for (let i = 0; i < options.older; i++) submit(0)
  const patient = submit(0, options.transferring)
  let startsAtAging = -1
  for (let steps = 0; steps < 200_000; steps++) {
    while (lane.waiting < STREAM + options.older) submit(1 + random.below(9))
    const aged = clock.now() - patient.since >= AGING_MS
    if (startsAtAging < 0 && aged) startsAtAging = scheduler.begun.size
    if (scheduler.begun.has(patient.sequence)) {
      return startsAtAging < 0 ? 0 : scheduler.begun.size - startsAtAging
    }
    world.step()
    for (let round = 0; round < 4; round++) await undefined
  }
  throw new Error('it never started')
}

test('nor does a task starve that hands objects over, and needs a thread that is free', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const options = { threads: 1 + (seed % 2), concurrency: 1, duration: 20, older: 0, keyed: false }
    await overtakenBy(seed, { ...options, transferring: true })
  }
})

test('a patient task is overtaken by no more than the bound of both queues, though urgent ones never end', async () => {
  let most = 0
  for (let seed = 1; seed <= 40; seed++) {
    const options = {
      threads: 1 + (seed % 2),
      concurrency: seed % 3 === 0 ? 8 : 1,
      duration: seed % 4 === 0 ? 0.5 : 20,
      older: seed % 5,
      keyed: seed % 7 === 0,
    }
    const overtaken = await overtakenBy(seed, options)
    // What waits before it at its sender, and then on its thread; and what its threads held when it aged.
    const bound = options.threads * (2 * AGED_EVERY * (options.older + 1) + MAX_WINDOW + options.concurrency)
    assert.ok(overtaken <= bound, `seed ${seed}: ${overtaken} started before it, and ${bound} may`)
    most = Math.max(most, overtaken)
  }
  assert.ok(most > 0, 'it never had to age, so this shows nothing')
})

test.run()
