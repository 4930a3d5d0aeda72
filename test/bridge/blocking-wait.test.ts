import { Worker } from 'node:worker_threads'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { BlockingWait, type SleepersBell } from '#src/bridge/blocking-wait.js'
import { SenderBell } from '#src/bridge/sender-bell.js'
import { SpinTrials } from '#src/core/spin-trials.js'
import { ManualClock } from '../support/manual-clock.js'

const test = suite('bridge: waiting without an event loop')

const FOREVER = Number.POSITIVE_INFINITY
const noSpin = () => new SpinTrials(0)

/** A sender and its bell, with a sleep that lasts as long as nothing happens; the test says what does. */
class Sleeper {
  readonly clock = new ManualClock(0)
  /** What is to happen in each sleep, one after the other. */
  readonly happenings: (() => void)[] = []
  readonly log: string[] = []
  readonly slept: number[] = []
  due = FOREVER
  interruption: Error | undefined
  readonly bell = { rung: 0, isUnanswered: false, isForsaken: false } as {
    -readonly [K in keyof SleepersBell]: SleepersBell[K]
  }
  readonly wait: BlockingWait

  constructor(serve?: () => void) {
    this.bell.sleep = (_, within) => {
      this.slept.push(within)
      const happens = this.happenings.shift()
      if (happens === undefined) this.clock.advance(within)
      else happens()
    }
    this.wait = new BlockingWait(
      {
        clock: this.clock,
        serve,
        hurry: () => void this.log.push('hurry'),
        receive: () => void this.log.push('receive'),
        nextDue: () => this.due,
        tellOfBell: () => void this.log.push('tell'),
        forsaken: () => void this.log.push('forsaken'),
        interruption: () => this.interruption,
      },
      this.bell,
    )
  }

  count(what: string): number {
    return this.log.filter(entry => entry === what).length
  }
}

test('what has been posted before is taken first, and what rings afterwards', () => {
  const sleeper = new Sleeper()
  sleeper.happenings.push(() => {
    sleeper.log.push('ring')
    sleeper.bell.rung++
  })
  sleeper.wait.until(() => sleeper.count('receive') === 2, noSpin(), FOREVER)
  assert.equal(sleeper.log, ['hurry', 'receive', 'hurry', 'ring', 'hurry', 'receive', 'hurry'])
  // Nothing has come since.
  sleeper.wait.until(() => true, noSpin(), FOREVER)
  assert.is(sleeper.count('receive'), 2)
})

test('it sleeps until the first of: its time, what is due, the next question to the supervisor', () => {
  const sleeper = new Sleeper()
  sleeper.due = 300
  sleeper.happenings.push(() => {
    sleeper.clock.advance(300)
    sleeper.due = FOREVER
  })
  sleeper.wait.until(() => false, noSpin(), 1_500)
  assert.equal(sleeper.slept, [300, 700, 500])
  assert.is(sleeper.clock.now(), 1_500)
  assert.is(sleeper.count('tell'), 1)
})

test('a supervisor that does not answer is given up; one that does is not', () => {
  const sleeper = new Sleeper()
  sleeper.wait.until(() => sleeper.clock.now() > 3_600_000, noSpin(), FOREVER)
  assert.is(sleeper.count('forsaken'), 0)
  sleeper.bell.isUnanswered = true
  const since = sleeper.clock.now()
  sleeper.wait.until(() => sleeper.count('forsaken') === 1, noSpin(), FOREVER)
  assert.ok(sleeper.clock.now() - since < 60_000)
  // It was only slow.
  sleeper.bell.isUnanswered = false
  const again = sleeper.clock.now() + 3_600_000
  sleeper.wait.until(() => sleeper.clock.now() > again, noSpin(), FOREVER)
  assert.is(sleeper.count('forsaken'), 1)
})

test('one that says that it goes is given up at once', () => {
  const sleeper = new Sleeper()
  sleeper.happenings.push(() => {
    sleeper.bell.isForsaken = true
    sleeper.bell.rung++
  })
  sleeper.wait.until(() => sleeper.count('forsaken') > 0, noSpin(), FOREVER)
  assert.is(sleeper.slept.length, 1)
})

test('it is interrupted when whoever waits is to stop, but not if it is over', () => {
  const sleeper = new Sleeper()
  const why = new Error('enough')
  sleeper.happenings.push(() => {
    sleeper.interruption = why
    sleeper.bell.rung++
  })
  assert.throws(
    () => sleeper.wait.until(() => false, noSpin(), FOREVER),
    (error: Error) => error === why,
  )
  sleeper.wait.until(() => true, noSpin(), FOREVER)
})

test('it looks for as long as that pays, and sleeps at once when it does not', () => {
  const sleeper = new Sleeper()
  const spin = new SpinTrials(1)
  let now = 0
  // Time goes on while it looks.
  sleeper.clock.now = () => (now += 0.1)
  sleeper.bell.sleep = (_, within) => {
    sleeper.slept.push(within)
    now += 100
    sleeper.bell.rung++
  }
  for (let round = 0; round < 6; round++) {
    const before = sleeper.slept.length
    sleeper.wait.until(() => sleeper.slept.length > before, spin, FOREVER)
  }
  const looked = sleeper.slept.map(slept => slept < 999.5)
  assert.equal(looked, [true, false, true, false, false, true])
})

test('threads whose ports have closed are told once each, of very many the last', () => {
  const bell = new SenderBell()
  const other = new SenderBell(bell.buffer)
  const taken = () => {
    const threads: number[] = []
    for (let thread = bell.takeClosed(); thread !== 0; thread = bell.takeClosed()) threads.push(thread)
    return threads
  }
  assert.equal(taken(), [])
  other.tellClosed(7)
  other.tellClosed(3)
  assert.is(bell.rung, 2)
  assert.equal([taken(), taken()], [[7, 3], []])
  for (let thread = 1; thread <= 40; thread++) other.tellClosed(thread)
  assert.equal(
    taken(),
    Array.from({ length: 16 }, (_, i) => 25 + i),
  )
  other.tellClosed(41)
  assert.equal(taken(), [41])
})

test('a bell that is rung while its owner falls asleep is not missed', async () => {
  const ROUNDS = 20_000
  const [mine, theirs] = [new SenderBell(), new SenderBell()]
  const module = new URL('../../../dist/bridge/sender-bell.js', import.meta.url).href
  const worker = new Worker(
    `import { workerData } from 'node:worker_threads'
     const { SenderBell } = await import(workerData.module)
     const [mine, theirs] = [new SenderBell(workerData.mine), new SenderBell(workerData.theirs)]
     for (let i = 0; i < ${ROUNDS}; i++) {
       while (mine.rung === i) mine.sleep(i, 10_000)
       theirs.ring()
     }`,
    {
      eval: true,
      execArgv: ['--input-type=module'],
      workerData: { module, mine: theirs.buffer, theirs: mine.buffer },
    },
  )
  let late = 0
  for (let i = 0; i < ROUNDS; i++) {
    theirs.ring()
    const before = performance.now()
    while (mine.rung === i) mine.sleep(i, 10_000)
    if (performance.now() - before > 9_000) late++
  }
  assert.is(late, 0)
  await worker.terminate()
})

test('what others want of the thread is looked at all along', () => {
  let times = 0
  const sleeper = new Sleeper(() => times++)
  sleeper.wait.until(() => sleeper.clock.now() >= 1_000, noSpin(), FOREVER)
  assert.ok(times >= 10, `${times} times in a second`)
})

test.run()
