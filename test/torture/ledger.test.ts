import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Account, audit, type Ending, type Entry } from './ledger.js'
import type { Wait } from './nested-entries.js'
import { accountOf, DONE, entryOf, failed } from './sample-accounts.js'

const test = suite('torture: the ledger')

function finds(what: RegExp, entry: Entry, changes: Partial<Account> = {}): void {
  const wrong = audit(accountOf(entry, changes))
  assert.ok(
    wrong.some(complaint => what.test(complaint)),
    `nobody saw that ${what}; but: ${wrong.join('; ')}`,
  )
}

const dead = { deeds: [{ act: 'exit', task: 1, thread: 7, at: 990 }] } as const
const told = { ...dead, losses: [{ lane: 'doomed', code: 'ERR_LANE_EXITED', at: 1_001 }] } as const

test('it has nothing to say of what went well', () => {
  assert.equal(audit(accountOf(entryOf())), [])
  const victim = entryOf({ end: failed('ERR_LANE_EXITED'), callbacks: ['start', 'error'] })
  assert.equal(audit(accountOf(victim, told)), [])
  const twice = entryOf({ idempotent: true })
  assert.equal(audit(accountOf(twice, { ...told, runs: task => (task === 0 ? 3 : 1) })), [])
})

test('it knows that a thread whose ports are closed hears no more of what it has submitted', () => {
  const parent = entryOf({
    task: 1,
    lane: 'elastic',
    end: failed('ERR_LANE_CLOSED'),
    callbacks: ['start', 'error'],
  })
  const nested = { parent: 1, thread: 7, at: 995 }
  const entry = entryOf({
    nested,
    end: { ...failed('ERR_LANE_CLOSED'), started: false },
    callbacks: ['error'],
  })
  const changes = (act: 'ports' | 'exit'): Partial<Account> => ({
    entries: [entry, parent],
    deeds: [{ act, task: 1, thread: 7, at: 990 }],
    losses: [{ lane: 'elastic', code: act === 'ports' ? 'ERR_LANE_CLOSED' : 'ERR_LANE_EXITED', at: 1_001 }],
    runs: task => task,
  })
  assert.equal(
    audit(accountOf(entry, changes('ports'))).filter(complaint => complaint.startsWith('give 0')),
    [],
  )
  finds(/should have moved/, entry, changes('exit'))
  const refused = {
    ...entryOf({ nested, refusal: 'ERR_LANE_CLOSED', callbacks: [], ends: 0 }),
    end: undefined,
  }
  const ofRefused = (act: 'ports' | 'exit'): Partial<Account> => ({
    ...changes(act),
    entries: [refused, parent],
  })
  assert.equal(
    audit(accountOf(refused, ofRefused('ports'))).filter(complaint => complaint.startsWith('give 0')),
    [],
  )
  finds(/was refused by/, refused, ofRefused('exit'))
})

test('a task that may be run again has died with a thread of whose end only other tasks tell', () => {
  const again = entryOf({ lane: 'relief', idempotent: true })
  const changes = (code: string): Partial<Account> => ({
    entries: [again, entryOf({ task: 1, lane: 'relief', end: failed(code), callbacks: ['start', 'error'] })],
    untold: new Set(['relief']),
    runs: task => 2 - task,
  })
  const ofAgain = (code: string): string[] =>
    audit(accountOf(again, changes(code))).filter(complaint => complaint.startsWith('give 0'))
  assert.equal(ofAgain('ERR_LANE_TERMINATED'), [])
  assert.ok(ofAgain('RangeError').some(complaint => complaint.includes('1 times at most')))
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

test('a task was claimed and not called if its thread was ended just as it had let go of another, and else is lost', () => {
  const code = 'ERR_LANE_TERMINATED'
  const late: Ending = {
    state: 'TIMED_OUT',
    code: 'ERR_TASK_TIMEOUT',
    value: undefined,
    at: 995,
    started: true,
  }
  const ended = (name: string, act?: 'hold' | 'heap', started = true): [Entry, Partial<Account>] => {
    const victim = entryOf({ end: { ...failed(code), started, holders: [name] }, callbacks: ['error'] })
    return [
      victim,
      {
        deeds: act === undefined ? [] : [{ act, task: 1, thread: 7, at: 990 }],
        losses: [{ lane: 'doomed', code, at: 1_001, holders: [name] }],
        entries: [victim, entryOf({ task: 1, name, limited: true, end: late, callbacks: ['timeout'] })],
        runs: task => task,
      },
    ]
  }
  assert.equal(audit(accountOf(...ended('hold', 'hold'))), [])
  // It holds its thread for a moment only, and outlasts its grace on a busy machine.
  assert.equal(audit(accountOf(...ended('compute'))), [])
  finds(/should have moved/, ...ended('exhaustHeap', 'heap'))
  finds(/should have moved/, ...ended('hold', 'hold', false))
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
  // It has the loop as soon as it has been claimed.
  const unbegun = { ...beside({ end: { ...canceled, started: true } }), runs: (task: number) => 1 - task }
  assert.equal(audit(accountOf(victim, unbegun)), [])
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
  const deeds = killers.map(({ task }) => ({ act: 'exit', task, thread: 7, at: 990 }) as const)
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

test('a cancel that its thread dies in may have decided, and one that its thread survives returns', () => {
  const end: Ending = { ...DONE, state: 'CANCELED', code: 'ERR_TASK_CANCELED' }
  const nested = { parent: 1, thread: 7, at: 900 }
  const cancelled = entryOf({ nested, end, callbacks: ['cancel'] })
  const cancelling = { ...cancelled, isCancelling: true }
  assert.equal(audit(accountOf(cancelling, dead)), [])
  finds(/nobody cancelled/, cancelled, dead)
  finds(/never returned/, cancelling)
})

test('it sees a nested task that never ends, but where its submitter died, or was given up on a thread that may leave', () => {
  const nested = { parent: 1, thread: 7, at: 900 }
  const open = entryOf({ nested, end: undefined, ends: 0, callbacks: ['submit'] })
  const parentOn = (lane: string, changes: Partial<Entry> = {}) => ({
    entries: [open, entryOf({ task: 1, lane, end: { ...DONE, value: 1 }, ...changes })],
  })
  finds(/never ended/, open)
  assert.equal(audit(accountOf(open, dead)), [])
  finds(/never ended/, open, { deeds: [{ ...dead.deeds[0], thread: 8 }] })
  const canceled: Ending = { ...DONE, state: 'CANCELED', code: 'ERR_TASK_CANCELED' }
  const givenUp: Partial<Entry> = { end: canceled, cancels: 1, callbacks: ['cancel'] }
  assert.equal(audit(accountOf(open, parentOn('relief', givenUp))), [])
  finds(/never ended/, open, parentOn('relief'))
  finds(/never ended/, open, parentOn('doomed', givenUp))
  // An end of the scheduler explains it, unless all was to have ended before.
  const endings = [{ from: 1_000, to: 1_100 }]
  assert.equal(audit(accountOf(open, { endings })), [])
  finds(/never ended/, open, { endings, settledAt: 950 })
})

test('that its submitter died may show only in how others of that thread ended, where losses are not told', () => {
  const nested = { parent: 1, thread: 7, at: 900 }
  const open = entryOf({ nested, end: undefined, ends: 0, callbacks: ['submit'] })
  const after = (code: string, changes: Partial<Account> = {}) => {
    const parent = entryOf({ task: 1, lane: 'relief', end: failed(code), callbacks: ['start', 'error'] })
    return audit({
      ...accountOf(open, { untold: new Set(['relief']), ...changes }),
      entries: [open, parent],
    }).filter(complaint => complaint.includes('never ended'))
  }
  assert.equal(after('ERR_LANE_TERMINATED'), [])
  assert.is(after('ERR_LANE_EXITED').length, 1)
  assert.is(after('ERR_LANE_TERMINATED', { untold: new Set() }).length, 1)
  const wait = { waiter: 1, thread: 7, awaited: 0, kind: 'result', from: 950 } as const
  const through = ended({ code: 'ERR_LANE_TERMINATED', through: true })
  assert.is(after('ERR_LANE_TERMINATED', { waits: [{ ...wait, end: through }] }).length, 1)
})

test('it sees a nested task that is refused for want of room where it could have waited', () => {
  const nested = { parent: 1, thread: 7, at: 900 }
  const refused = entryOf({
    nested,
    lane: 'elastic',
    end: undefined,
    ends: 0,
    callbacks: [],
    refusal: 'ERR_QUEUE_FULL',
  })
  finds(/refused by ERR_QUEUE_FULL/, refused)
  const entries = [refused, entryOf({ task: 1, lane: 'elastic', end: { ...DONE, value: 1 } })]
  assert.equal(audit(accountOf(refused, { entries, runs: task => task })), [])
})

test('what a task was to start after explains its failure only if that is not done', () => {
  const victim = entryOf({ after: [1], end: failed('ERR_DEPENDENCY_FAILED'), callbacks: ['error'] })
  const runs = (task: number): number => task
  finds(/are done/, victim, { runs })
  const entries = [
    victim,
    entryOf({ task: 1, name: 'fail', end: failed('RangeError'), callbacks: ['error'] }),
  ]
  assert.equal(audit(accountOf(victim, { entries, runs })), [])
  finds(/it has run/, victim, { entries })
})

/** What is said of a wait of the task 0 for the task 1. */
function saysOf(wait: Partial<Wait>, other: Partial<Entry> = {}, changes: Partial<Account> = {}): string[] {
  const waiter = entryOf({ name: 'nest' })
  const awaited = entryOf({ task: 1, end: { ...DONE, value: 1 }, ...other })
  const whole: Wait = { waiter: 0, thread: 7, awaited: 1, kind: 'result', from: 900, end: undefined, ...wait }
  return audit(accountOf(waiter, { entries: [waiter, awaited], waits: [whole], ...changes }))
}

const ended = (how: { code?: string; value?: unknown; through?: boolean }): NonNullable<Wait['end']> => ({
  at: 1_000,
  through: false,
  ...how,
})

test('it sees a wait that never ends, or ends with what is not so', () => {
  const sees = (what: RegExp, says: string[]): void => assert.match(says.join('; '), what)
  assert.equal(saysOf({ end: ended({ value: 1 }) }), [])
  sees(/never ended/, saysOf({}))
  sees(/not its value/, saysOf({ end: ended({ value: 2 }) }))
  const threw: Partial<Entry> = { name: 'fail', end: failed('RangeError'), callbacks: ['error'] }
  assert.equal(saysOf({ end: ended({ code: 'RangeError' }) }, threw), [])
  sees(/told otherwise/, saysOf({ end: ended({ value: 1 }) }, threw))
  sees(/not what it ended with/, saysOf({ end: ended({ code: 'RangeError' }) }))
  sees(/not what it ended with/, saysOf({ end: ended({ code: 'ERR_RESULT_GONE' }) }))
  sees(/not what it ended with/, saysOf({ end: ended({ code: 'ERR_WAIT_TIMEOUT' }) }))
  assert.equal(saysOf({ kind: 'resultSync', end: ended({ code: 'ERR_WAIT_TIMEOUT' }) }), [])
  sees(/not what it ended with/, saysOf({ kind: 'waitSync', end: ended({ code: 'ERR_TASK_CANCELED' }) }))
  sees(/no such thing/, saysOf({ kind: 'wait', end: ended({ value: undefined }) }))
})

test('a wait need not end that was left behind on a thread that may leave, also by an orphan', () => {
  const nested = { parent: 2, thread: 8, at: 850 }
  const parent = entryOf({ task: 2, lane: 'doomed', end: { ...DONE, value: 2 } })
  const says = (lane: string, changes: Partial<Entry>): string => {
    const waiter = entryOf({ name: 'nest', lane, ...changes })
    const awaited = entryOf({ task: 1, end: { ...DONE, value: 1 } })
    const deeds = [{ act: 'exit', task: 2, thread: 8, at: 990 }] as const
    return saysOf({}, {}, { entries: [waiter, awaited, parent], deeds }).join('; ')
  }
  const orphan: Partial<Entry> = { nested, end: undefined, ends: 0, callbacks: ['submit', 'start'] }
  assert.not.match(says('relief', {}), /never ended/)
  assert.match(says('calm', {}), /never ended/)
  assert.not.match(says('relief', orphan), /never ended/)
  assert.match(says('calm', orphan), /result of nest 0 .*never ended/)
})

test('on a thread that has lost its ports, a wait ends with that', () => {
  const end = ended({ code: 'ERR_LANE_CLOSED' })
  const says = (thread: number): string =>
    saysOf({ kind: 'resultSync', end }, {}, { deeds: [{ act: 'ports', task: 2, thread, at: 890 }] }).join(
      '; ',
    )
  assert.not.match(says(7), /not what it ended with/)
  assert.match(says(8), /not what it ended with/)
})

test('it sees a deadlock where nobody else waits', () => {
  const end = ended({ code: 'ERR_DEADLOCK' })
  const sees = (says: string[]): void => assert.match(says.join('; '), /in its way/)
  sees(saysOf({ end }))
  sees(saysOf({ kind: 'resultSync', end }, { lane: 'calm' }))
  // It may be on the very thread.
  assert.equal(saysOf({ kind: 'resultSync', end }), [])
  const blocked: Wait = {
    waiter: 1,
    thread: 8,
    awaited: 0,
    kind: 'waitSync',
    from: 950,
    end: ended({ value: true }),
  }
  const wait: Wait = { waiter: 0, thread: 7, awaited: 1, kind: 'result', from: 900, end }
  assert.equal(saysOf(wait, {}, { waits: [wait, blocked] }), [])
  sees(saysOf(wait, {}, { waits: [wait, { ...blocked, from: 1_050 }] }))
})

test('a deadlock may lead through a key whose turn one has that waits for the other', () => {
  const end = ended({ code: 'ERR_DEADLOCK' })
  const says = (key: string, other: string): string[] => {
    const waiter = entryOf({ name: 'nest', key })
    const awaited = entryOf({ task: 1, key: other, end: { ...DONE, value: 1 } })
    return saysOf({ end }, {}, { entries: [waiter, awaited] })
  }
  assert.equal(says('x', 'x'), [])
  assert.match(says('x', 'y').join('; '), /in its way/)
})

test('what another task ended with explains a failure only of one that waited for it and lets it through', () => {
  const victim = entryOf({ name: 'nest', end: failed('ERR_LANE_OOM'), callbacks: ['error'] })
  const gone = entryOf({ task: 1, end: failed('ERR_LANE_OOM'), callbacks: ['error'] })
  const wait: Wait = { waiter: 0, thread: 7, awaited: 1, kind: 'result', from: 900, end: undefined }
  const says = (through: boolean): string =>
    audit(
      accountOf(victim, {
        entries: [victim, gone],
        waits: [{ ...wait, end: ended({ code: 'ERR_LANE_OOM', through }) }],
      }),
    ).join('; ')
  assert.not.match(says(true), /^nest|; nest/)
  assert.match(says(false), /nest 0 .* nobody on its lane did that/)
})

test('also where that was cancelled by what is no error, which whoever passes it on throws wrapped', () => {
  const victim = entryOf({ name: 'nest', end: failed('ERR_TASK_THREW'), callbacks: ['error'] })
  const wait: Wait = { waiter: 0, thread: 7, awaited: 1, kind: 'result', from: 900, end: undefined }
  const says = (code: string): string =>
    audit(accountOf(victim, { waits: [{ ...wait, end: ended({ code, through: true }) }] })).join('; ')
  assert.not.match(says('undefined'), /^nest|; nest/)
  assert.match(says('RangeError'), /nest 0/)
})

test.run()
