import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Account, audit, type Ending, type Entry } from './ledger.js'

const test = suite('torture: the ledger')

const DONE: Ending = { state: 'DONE', code: undefined, value: 0, at: 1_000, started: true }

function failed(code: string): Ending {
  return { state: 'FAILED', code, value: undefined, at: 1_000, started: true }
}

function entryOf(changes: Partial<Entry> = {}): Entry {
  return {
    task: 0,
    lane: 'doomed',
    name: 'give',
    retries: 0,
    idempotent: false,
    transfers: false,
    limited: false,
    signalled: false,
    callbacks: ['submit', 'start', 'done'],
    refusal: undefined,
    cancels: 0,
    end: DONE,
    ends: 1,
    ...changes,
  }
}

/** Of one task, beside one that did something to its thread. */
function accountOf(entry: Entry, changes: Partial<Account> = {}): Account {
  return {
    entries: [entry, entryOf({ task: 1, end: { ...DONE, value: 1 } })],
    deeds: [],
    losses: [],
    runs: () => 1,
    endings: [],
    untold: new Set(),
    misjudged: new Set(),
    fragile: new Map([['fragile', 2]]),
    dropping: new Set(['shedding']),
    bounded: new Set(['calm']),
    startFailed: false,
    ...changes,
  }
}

function finds(what: RegExp, entry: Entry, changes: Partial<Account> = {}): void {
  const wrong = audit(accountOf(entry, changes))
  assert.ok(
    wrong.some(complaint => what.test(complaint)),
    `nobody saw that ${what}; but: ${wrong.join('; ')}`,
  )
}

const dead = { deeds: [{ act: 'exit', task: 1, at: 990 }] } as const
const told = { ...dead, losses: [{ lane: 'doomed', code: 'ERR_LANE_EXITED', at: 1_001 }] } as const

test('it has nothing to say of what went well', () => {
  assert.equal(audit(accountOf(entryOf())), [])
  const victim = entryOf({ end: failed('ERR_LANE_EXITED'), callbacks: ['start', 'error'] })
  assert.equal(audit(accountOf(victim, told)), [])
  const twice = entryOf({ idempotent: true })
  assert.equal(audit(accountOf(twice, { ...told, runs: task => (task === 0 ? 3 : 1) })), [])
})

test('it sees a task that never ends, or ends twice', () => {
  finds(/never ended/, entryOf({ end: undefined, ends: 0, callbacks: [] }))
  finds(/ended 2 times/, entryOf({ ends: 2 }))
})

test('it sees callbacks that come twice, late, wrong or not at all', () => {
  finds(/was told/, entryOf({ callbacks: ['start', 'done', 'done'] }))
  finds(/was told/, entryOf({ callbacks: ['done', 'start'] }))
  finds(/was told/, entryOf({ callbacks: ['error'] }))
  finds(/was told/, entryOf({ callbacks: ['start'] }))
  finds(/told twice/, entryOf({ callbacks: ['start', 'start', 'done'] }))
  finds(/order/, entryOf({ callbacks: ['start', 'submit', 'done'] }))
})

test('it sees a task that runs twice, or too often', () => {
  const runs = (count: number) => ({ runs: (task: number) => (task === 0 ? count : 1) })
  finds(/may run 1 times/, entryOf(), runs(2))
  finds(/may run 1 times/, entryOf(), { ...told, ...runs(2) })
  finds(/may run 1 times/, entryOf({ idempotent: true }), runs(2))
  finds(/may run 3 times/, entryOf({ idempotent: true }), { ...told, ...runs(4) })
  finds(/may run 2 times/, entryOf({ retries: 1 }), runs(3))
})

test('it sees an innocent task that fails: without a death, on another lane, at another time, before it started', () => {
  const victim = entryOf({ end: failed('ERR_LANE_EXITED'), callbacks: ['error'] })
  finds(/nobody on its lane did that/, victim)
  finds(/nobody on its lane did that/, { ...victim, lane: 'calm' }, told)
  finds(/lost no thread then/, victim, dead)
  finds(/lost no thread then/, victim, {
    ...dead,
    losses: [{ lane: 'doomed', code: 'ERR_LANE_EXITED', at: 9_000 }],
  })
  finds(/should have moved/, victim, { ...told, runs: task => task })
  finds(/nothing ends so/, entryOf({ end: failed('ERR_SURPRISE'), callbacks: ['error'] }), told)
})

test('it sees a death that is blamed on the wrong thing, and one that nobody brought about', () => {
  const victim = entryOf({ end: failed('ERR_LANE_OOM'), callbacks: ['error'] })
  finds(/nobody on its lane did that/, victim, told)
  finds(/nobody did it/, entryOf(), { losses: [{ lane: 'doomed', code: 'ERR_LANE_EXITED', at: 1 }] })
})

test('a thread that is ended for a task that had been given up is explained by that task, and by no other', () => {
  const [code, holders] = ['ERR_LANE_TERMINATED', ['compute']]
  const victim = entryOf({ end: { ...failed(code), holders }, callbacks: ['error'] })
  const losses = [{ lane: 'doomed', code, at: 1_001, holders }]
  const canceled: Ending = { ...DONE, state: 'CANCELED', code: 'ERR_TASK_CANCELED' }
  const beside = (changes: Partial<Entry>) => {
    const holder = entryOf({ task: 1, name: 'compute', callbacks: ['cancel'], cancels: 1, end: canceled })
    return { entries: [victim, { ...holder, ...changes }], losses }
  }
  assert.equal(audit(accountOf(victim, beside({}))), [])
  finds(/nobody on its lane did that/, victim, beside({ lane: 'calm' }))
  finds(/nobody did it/, victim, beside({ name: 'give' }))
  finds(/nobody did it/, victim, beside({ end: { ...canceled, at: 9_000 } }))
})

test('it sees a lane given up for nothing, and refusals without a reason', () => {
  const victim = entryOf({ lane: 'fragile', end: failed('ERR_LANE_FAILED'), callbacks: ['error'] })
  finds(/not lost so many/, victim)
  finds(/never given up/, { ...victim, lane: 'calm' })
  const refused = entryOf({ end: undefined, ends: 0, callbacks: [], refusal: 'ERR_QUEUE_FULL' })
  finds(/refused by ERR_QUEUE_FULL/, refused)
  finds(/refused by ERR_CLOSED/, { ...refused, refusal: 'ERR_CLOSED' })
  finds(/something came of it/, { ...refused, lane: 'calm' })
})

test('a start that failed with one lane explains what it does to the others, and nothing else does', () => {
  const victim = entryOf({ end: failed('ERR_LANE_FAILED'), callbacks: ['error'] })
  const killers = [1, 2, 3].map(task => entryOf({ task, lane: 'fragile', end: { ...DONE, value: task } }))
  const entries = [victim, ...killers]
  const deeds = killers.map(({ task }) => ({ act: 'exit', task, at: 990 }) as const)
  assert.equal(audit(accountOf(victim, { entries, deeds, startFailed: true })), [])
  finds(/never given up/, victim, { entries, deeds })
  finds(/never given up/, victim, { entries, deeds: deeds.slice(1), startFailed: true })
})

test('it sees a cancel, a time-out, a drop and a value that nobody asked for', () => {
  const callbacks = ['cancel']
  const canceled: Ending = { ...DONE, state: 'CANCELED', code: 'ERR_TASK_CANCELED' }
  finds(/nobody cancelled/, entryOf({ end: canceled, callbacks }))
  finds(/nobody cancelled/, entryOf({ end: { ...canceled, code: 'ERR_DROPPED' }, callbacks }))
  finds(/2 cancels decided/, entryOf({ end: canceled, callbacks, cancels: 2 }))
  finds(/is not cancelled/, entryOf({ cancels: 1 }))
  finds(/has no limit/, entryOf({ end: { ...DONE, state: 'TIMED_OUT' }, callbacks: ['timeout'] }))
  finds(/says that it never started/, entryOf({ end: { ...DONE, started: false } }))
  finds(/its value is 7/, entryOf({ end: { ...DONE, value: 7 } }))
  finds(/never done/, entryOf({ name: 'exit' }))
  finds(/no such thing/, entryOf({ end: failed('RangeError'), callbacks: ['error'] }))
})

test.run()
