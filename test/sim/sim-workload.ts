import type { MultilaneError } from '#src/core/errors.js'
import { Random } from '../support/random.js'
import { checkOutcomes, checkStrays } from './conclusion.js'
import { Detectors } from './detectors.js'
import { watchWithin } from './inner-sights.js'
import { NestingExtras } from './nesting-extras.js'
import { watchTables } from './protocol-steps.js'
import { checkQuiet } from './quiet-checks.js'
import { Races } from './races.js'
import { NestedCalls } from './sim-calls.js'
import { SimDependencies } from './sim-dependencies.js'
import { SimDrains } from './sim-drains.js'
import { endWithoutFaults } from './sim-ending.js'
import { SimFaults } from './sim-faults.js'
import { watchGarbage } from './sim-garbage.js'
import { SimHandles } from './sim-handles.js'
import { Liveness } from './sim-liveness.js'
import { SimMaps } from './sim-maps.js'
import { randomLane, randomMesh } from './sim-options.js'
import { LANES, SimScheduler } from './sim-scheduler.js'
import type { Entry, SimSender } from './sim-sender.js'
import { settle } from './sim-settling.js'
import { SimStartWaits } from './sim-start-waits.js'
import { Submissions } from './sim-submission.js'
import { SimSyncWaits } from './sim-sync-waits.js'
import { type Fate, SimWorld } from './sim-world.js'
import { UsersCode } from './users-code.js'

/** One run of a random workload: tasks, cancels, limits, deaths and parking, then a phase without faults. */
class Run {
  readonly #races: Races
  readonly #world: SimWorld
  readonly #detectors: Detectors
  readonly #scheduler: SimScheduler
  readonly #submissions: Submissions
  readonly #maps = new SimMaps()
  readonly #drains: SimDrains
  readonly #liveness: Liveness
  readonly #faults: SimFaults
  readonly #handles: SimHandles | null
  readonly #sync: SimSyncWaits | null
  /** The names of its lanes. */
  readonly #lanes: readonly string[]
  readonly #startWaits: SimStartWaits
  /** Whether threads die, as soon as the lane has started. */
  readonly #deadly: boolean
  #isDeadly = false
  #closing: Promise<void> | null = null
  #closedAt = Number.POSITIVE_INFINITY
  #hasClosed = false
  #startFailed = false
  /** How many starts have not ended. */
  #starting = 0
  #isStopping = false
  /** Whether the faults are over. */
  #isEnding = false
  #cutShort = false

  constructor(seed: number, races: Races, fate: Fate | null) {
    this.#races = races
    const world = new SimWorld(seed)
    world.fate = fate
    const { random } = world
    this.#world = world
    this.#detectors = new Detectors(seed, world, races)
    watchTables(world, races, (sender, sequence) => this.#detectors.claimed(sender, sequence))
    watchWithin(races, this.#detectors)
    this.#drains = new SimDrains(this.#detectors, races)
    this.#startWaits = new SimStartWaits(this.#detectors, races)
    world.interleaving = random.pick([0, 0.1, 0.3])
    this.#deadly = random.chance(0.6)
    const usersCode = new UsersCode(seed)
    const mesh = randomMesh(new Random(~seed), usersCode.isBusy ? 0.6 : 0.2)
    const lanes = Array.from({ length: mesh.lanes }, () => randomLane(random, this.#deadly))
    const senders = random.chance(0.3) ? 2 : 1
    const stalling = lanes.some(({ stallAfter }) => stallAfter !== Number.POSITIVE_INFINITY)
    this.#lanes = LANES.slice(0, lanes.length)
    const dependencies = new SimDependencies(seed)
    const extras = mesh.nesting ? new NestingExtras(seed) : null
    const sync = extras && new SimSyncWaits(world, races, this.#detectors, extras)
    this.#submissions = new Submissions(world, this.#detectors, races, dependencies, {
      stalling,
      nesting: extras,
    })
    this.#sync = sync
    const more = extras && sync && { extras, sync, maps: this.#maps }
    const calls = more && new NestedCalls(world, races, this.#submissions, this.#lanes, more)
    const handles = mesh.nesting ? new SimHandles(world, races, this.#detectors, sync) : null
    this.#handles = handles
    this.#submissions.handles = handles
    watchGarbage(world)
    if (calls !== null) calls.entryOf = (sender, sequence) => this.#detectors.entryOf(sender, sequence)
    this.#scheduler = new SimScheduler(world, lanes, {
      senders,
      races,
      watcher: this.#detectors,
      calls,
      handles,
    })
    this.#detectors.watch(this.#scheduler)
    this.#faults = new SimFaults(world, this.#scheduler, this.#detectors, races)
    const run = this
    if (usersCode.isBusy)
      usersCode.begin({
        world,
        races,
        scheduler: this.#scheduler,
        submissions: this.#submissions,
        maps: this.#maps,
        sync,
        lanes: this.#lanes,
        get end() {
          return run.#isEnding ? null : run.#end
        },
      })
    this.#liveness = new Liveness(
      world,
      this.#detectors,
      this.#scheduler,
      () => this.#settle(),
      entry => this.#act(entry.sender, () => this.#submissions.cancel(entry)),
    )
    world.onQuiet = () => {
      checkQuiet(this.#scheduler, this.#detectors, world.now())
      this.#handles?.held.checkQuiet(this.#scheduler.living)
    }
    world.onDeath = (actor, at) => {
      const thread = this.#scheduler.allThreads.find(one => one.actor === actor)!
      this.#faults.noteDeath(thread, at)
    }
    if (this.#deadly && random.chance(0.5)) {
      this.#scheduler.faults.lingers = random.pick([0.5, 1])
      // The lane starts at first, mostly, so that there is something to be seen.
      const faults = (): void => {
        Object.assign(this.#scheduler.faults, { failsToLoad: 0.05, neverStarts: 0.05 })
      }
      if (random.chance(0.1)) faults()
      else this.#world.timersOf(this.#scheduler.main.actor).after(30, faults)
    }
  }

  get violation(): Error | null {
    return this.#world.violation
  }

  async play(): Promise<void> {
    if (this.#deadly && this.#world.random.chance(0.1)) this.#beDeadly()
    this.#start()
    for (let turn = 0; (turn < 300 || (!this.#submissions.isOver && turn < 1000)) && !this.#isOver; turn++)
      await this.#turn()
    await this.#withoutFaults()
    await this.#conclude()
  }

  #start(): void {
    this.#starting++
    const started = this.#scheduler.life.start().then(() => {
      this.#starting--
      if (this.#deadly) this.#beDeadly()
    })
    started.catch((error: MultilaneError) => {
      this.#starting--
      // It was to stop, or to close, before it had started.
      if (error.code === 'ERR_CLOSED') return
      this.#startFailed = true
      this.#races.hit('start failed')
    })
  }

  /** Stops it, and mostly starts it again: at once, or when it has stopped. */
  #stop(): void {
    const { life, main } = this.#scheduler
    if (this.#closing !== null || this.#isStopping) return
    const { random } = this.#world
    if (main.open.size > 0) this.#races.hit('stopped in the middle')
    this.#cutShort = true
    this.#isStopping = true
    const startsWhen = random.pick(['at once', 'later', 'never'])
    life.stop(random.pick([0, 5, 100, 2000])).then(() => {
      this.#isStopping = false
      if (startsWhen === 'later' && this.#closing === null) this.#start()
    })
    if (startsWhen !== 'at once') return
    this.#races.hit('started again while it stopped')
    this.#start()
  }

  /** Whether all that is left is to refuse. */
  get #isOver(): boolean {
    return this.#hasClosed || this.#startFailed
  }

  #beDeadly(): void {
    this.#isDeadly = true
    this.#submissions.deadly = true
    if (this.#sync !== null) this.#sync.deadly = true
  }

  async #turn(): Promise<void> {
    const { random } = this.#world
    const roll = random.next()
    const { senders } = this.#scheduler
    const sender = senders.length > 1 ? random.pick(senders) : this.#scheduler.main
    if (roll < 0.12) this.#act(sender, () => this.#submit(sender))
    else if (roll < 0.17)
      this.#act(this.#anySender(sender), of => this.#onAny(of, entry => this.#submissions.cancel(entry)))
    else if (roll < 0.2)
      this.#act(this.#anySender(sender), of => this.#onAny(of, entry => this.#submissions.setPriority(entry)))
    else if (roll < 0.205) this.#faults.park(sender)
    else if (roll < 0.21 && this.#isDeadly) this.#faults.killAny()
    else if (roll < 0.212 && this.#isDeadly) this.#faults.closeAnyPort()
    else if (roll < 0.222 && !this.#submissions.isOver)
      this.#act(sender, () => this.#submissions.startMap(sender, this.#anyLane(), this.#maps))
    else if (roll < 0.2226) this.#act(this.#scheduler.main, () => this.#close())
    else if (roll < 0.2232) this.#act(this.#scheduler.main, () => this.#stop())
    else if (roll < 0.225) this.#act(sender, () => this.#drains.start(sender))
    else if (roll < 0.245)
      this.#act(sender, () => this.#onAny(sender, entry => this.#startWaits.start(entry)))
    else if (roll < 0.25 && this.#handles !== null) {
      const of = this.#anySender(sender)
      this.#act(of, () => this.#handles!.held.drop(of, false))
    } else this.#world.step()
    await this.#settle()
    this.#detectors.afterStep()
  }

  #act(sender: SimSender, call: (sender: SimSender) => void): void {
    if (sender.actor.canRun) this.#world.run(sender.actor, () => call(sender))
  }

  /** This one, or that of a thread. */
  #anySender(owned: SimSender): SimSender {
    const { livingSenders, senders } = this.#scheduler
    if (livingSenders.length === senders.length || this.#world.random.chance(0.5)) return owned
    return this.#world.random.pick(livingSenders)
  }

  #anyLane(): string {
    return this.#lanes.length === 1 ? this.#lanes[0]! : this.#world.random.pick(this.#lanes)
  }

  #submit(sender: SimSender): void {
    for (let burst = this.#world.random.below(6); burst >= 0 && !this.#submissions.isOver; burst--)
      this.#submissions.submit(sender, this.#anyLane())
  }

  /** Rather one that has not ended. */
  #onAny(sender: SimSender, call: (entry: Entry) => void): void {
    const { random } = this.#world
    const among = random.chance(0.8) ? [...sender.open] : sender.entries
    if (among.length > 0) call(random.pick(among))
  }

  /** Whichever way. */
  readonly #end = (): void => {
    if (this.#world.random.chance(0.5)) this.#close()
    else this.#stop()
  }

  #close(): void {
    if (this.#closing !== null) return
    if (this.#scheduler.senders.some(({ open }) => open.size > 0)) this.#races.hit('closed in the middle')
    this.#cutShort = true
    this.#beginClose(this.#world.random.pick([0, 5, 100, 2000]))
  }

  #beginClose(timeout: number): void {
    const { life } = this.#scheduler
    this.#scheduler.ending = true
    this.#closedAt = this.#world.now()
    if (this.#world.random.chance(0.2)) {
      if (this.#scheduler.main.open.size > 0) this.#races.hit('stopped in the middle')
      life.stop(timeout)
    }
    this.#closing = life.close(timeout).then(() => {
      this.#hasClosed = true
    })
  }

  /** The faults are over: what is left must end. */
  #withoutFaults(): Promise<void> {
    const run = this
    this.#isEnding = true
    this.#world.unreadable = 0
    this.#world.fate = null
    if (this.#sync !== null) this.#sync.deadly = false
    return endWithoutFaults({
      scheduler: this.#scheduler,
      detectors: this.#detectors,
      liveness: this.#liveness,
      held: this.#handles?.held ?? null,
      get isUp() {
        return run.#closing === null && !run.#startFailed
      },
      get isMoving() {
        return run.#starting > 0 || run.#isStopping
      },
      get openWaits() {
        return run.#drains.open + run.#startWaits.open
      },
      get hasClosed() {
        return run.#hasClosed
      },
      close: () => {
        if (this.#closing === null) this.#world.run(this.#scheduler.main.actor, () => this.#beginClose(2000))
      },
    })
  }

  #settle(): Promise<void> {
    return settle(this.#world)
  }

  async #conclude(): Promise<void> {
    await this.#settle()
    const threads = this.#scheduler.allThreads
    const alive = threads.find(thread => !thread.isGone)
    if (alive !== undefined)
      this.#detectors.fail('close', 'a thread outlived its scheduler', { thread: alive })
    checkStrays(this.#scheduler, this.#detectors)
    const terminated = threads.some(thread => thread.terminated)
    checkOutcomes(this.#scheduler, this.#detectors, this.#races, {
      deaths: this.#faults.deaths > 0 || terminated || threads.some(thread => thread.exitCode !== 0),
      closedAt: this.#closedAt,
      cutShort: this.#cutShort || this.#startFailed || this.#races.met.has('lane failed'),
    })
    this.#handles?.conclude(this.#cutShort || this.#startFailed || this.#races.met.has('lane failed'))
    const { resolved, rejected } = this.#maps.conclude(message => this.#detectors.fail('outcome', message))
    if (resolved > 0) this.#races.hit('map resolved')
    if (rejected > 0) this.#races.hit('map rejected')
    for (const step of this.#world.mortalSteps) this.#races.cameTo(step)
  }
}

/**
 * Runs one seed.
 *
 * @param races what was met is added to
 * @param fate where a thread is to die, beside the deaths that the seed itself brings
 * @throws Violation, which names the seed, the step and the detector
 */
export async function runSeed(seed: number, races = new Races(), fate: Fate | null = null): Promise<Races> {
  const own = new Races()
  const run = new Run(seed, own, fate)
  try {
    await run.play()
  } catch (error) {
    // What was wrong first, and not what came of it.
    throw run.violation ?? error
  } finally {
    watchTables(null, null)
    watchWithin(null)
    watchGarbage(null)
    // All of it was microtasks, and some memory is only given back between tasks.
    await new Promise(setImmediate)
  }
  races.add(own)
  return races
}
