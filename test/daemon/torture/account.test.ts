import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type Account, accountFor, type Evidence, type Life } from './account.js'
import { Ledger } from './ledger.js'
import { KINDS } from './torture-config.js'
import { readWitness } from './witness.js'

const test = suite('torture: the account finds what is planted')

const A = '00000000-0000-4000-8000-00000000000a'
const B = '00000000-0000-4000-8000-00000000000b'

function life(number: number, changes: Partial<Life> = {}): Life {
  const readyAt = number * 1000
  return { number, readyAt, killedAt: readyAt + 900, recorded: new Set(), orphans: [], ...changes }
}

/** Two lives, a kill between them, and no jobs. */
function account(lines: readonly string[], changes: Partial<Evidence> = {}): Account {
  return accountFor({
    kinds: KINDS,
    lives: [life(1), life(2, { killedAt: null })],
    lines: readWitness(lines.map(line => `${line}\n`).join('')),
    acknowledged: new Set([A]),
    kept: new Map([[A, { name: 'quick', state: 'succeeded' }]]),
    unanswered: 0,
    sightings: [],
    ...changes,
  })
}

function kept(name: string, state: string): Partial<Evidence> {
  return { kept: new Map([[A, { name, state }]]) }
}

/** The one thing that is wrong. */
function problemOf(found: Account): string {
  assert.is(found.problems.length, 1, JSON.stringify(found.problems))
  return found.problems[0]!
}

const RUN = [`start 1 ${A} 1 1100`, `end 1 ${A} 1 1200`]

test('a job that ran once, or again after a kill, is accounted for', () => {
  assert.equal(account(RUN).problems, [])
  assert.equal(account(RUN).states, { succeeded: 1 })
  const again = account([`start 1 ${A} 1 1800`, `start 2 ${A} 2 2300`, `end 2 ${A} 2 2400`])
  assert.equal(again.problems, [])
  assert.equal([again.repeated, again.slowestRestart], [1, 300])
  const unrecorded = account([...RUN, `start 2 ${A} 1 1990`, `end 2 ${A} 1 2100`])
  assert.equal(unrecorded.problems, [])
  assert.equal(unrecorded.endedUnrecorded, { quick: 1 })
})

test('a retry is explained by its failure, in the same life', () => {
  const retried = [`start 1 ${A} 1 1100`, `fail 1 ${A} 1 1200`, `start 1 ${A} 2 1300`, `end 1 ${A} 2 1400`]
  assert.equal(account(retried, kept('flaky', 'succeeded')).problems, [])
  assert.match(problemOf(account(retried.toSpliced(1, 1), kept('flaky', 'succeeded'))), /no kill explains it/)
  const failed = [`start 1 ${A} 1 1100`, `fail 1 ${A} 1 1200`, `start 1 ${A} 2 1300`, `fail 1 ${A} 2 1400`]
  assert.equal(account(failed, kept('doomed', 'failed')).problems, [])
  const tooOften = [...failed, `start 1 ${A} 3 1500`, `fail 1 ${A} 3 1600`]
  assert.match(problemOf(account(tooOften, kept('doomed', 'failed'))), /tried 3 times in life 1/)
})

test('a lost job is found', () => {
  const { problems } = account(RUN, { kept: new Map() })
  assert.match(problems.join('\n'), /was acknowledged and is lost/)
})

test('a job that was never run, or did not end, is found', () => {
  assert.match(problemOf(account([])), /was never run/)
  assert.match(problemOf(account(RUN, kept('quick', 'queued'))), /is queued, not succeeded/)
  assert.match(problemOf(account(RUN.slice(0, 1))), /did not come to its end/)
  assert.match(account(RUN, kept('quick', 'failed')).problems.join('\n'), /is failed, not succeeded/)
})

test('a second run that nothing explains is found', () => {
  const sameLife = [...RUN, `start 1 ${A} 2 1300`, `end 1 ${A} 2 1400`]
  assert.match(problemOf(account(sameLife)), /no kill explains it/)
  const again = [...RUN, `start 2 ${A} 2 2100`, `end 2 ${A} 2 2200`]
  const recorded = [life(1, { recorded: new Set([A]) }), life(2, { killedAt: null })]
  assert.match(problemOf(account(again, { lives: recorded })), /was recorded as ended when life 1 was killed/)
  const inOrder = [life(1, { killedAt: null }), life(2, { killedAt: null })]
  assert.match(problemOf(account(again, { lives: inOrder })), /life 1 ended in good order/)
})

test('two runs at a time are found', () => {
  const beside = [`start 1 ${A} 1 1800`, `start 2 ${A} 2 2100`, `beat 1 ${A} 1 2150`, `end 2 ${A} 2 2200`]
  assert.match(problemOf(account(beside)), /attempt 1 of life 1 still ran beside the next one/)
  assert.match(problemOf(account([...RUN, `beat 1 ${A} 1 1300`])), /went on after its end/)
})

test('a job nobody asked for, and an orphan, are found', () => {
  const two = new Map([A, B].map(id => [id, { name: 'quick', state: 'succeeded' }]))
  const lines = [...RUN, `start 1 ${B} 1 1100`, `end 1 ${B} 1 1200`]
  assert.match(problemOf(account(lines, { kept: two })), /1 jobs nobody was told of/)
  assert.equal(account(lines, { kept: two, unanswered: 1 }).problems, [])
  assert.match(problemOf(account(lines.slice(0, 3), { kept: two, unanswered: 1 })), /did not come to its end/)
  const lives = [life(1), life(2, { killedAt: null, orphans: ['process 7'] })]
  assert.match(problemOf(account(RUN, { lives })), /process 7 of an earlier life was still there in life 2/)
})

test('time in which there was no daemon does not count as slowness, and slowness counts across lives', () => {
  const lives = [life(1), life(2), life(10, { killedAt: null })]
  const { slowestRestart } = account(
    [`start 1 ${A} 1 1800`, `start 10 ${A} 2 10250`, `end 10 ${A} 2 10300`],
    {
      lives,
    },
  )
  assert.is(slowestRestart, 900 + 250)
})

test('the ledger finds a key that changes its job, a job that is forgotten, and an end that is taken back', () => {
  const ledger = new Ledger()
  ledger.promised([A], 'key')
  ledger.promised([A], 'key')
  ledger.looked(A, true)
  ledger.shown(A, 'running', false)
  ledger.shown(A, 'succeeded', true)
  assert.equal(ledger.sightings, [])
  ledger.promised([B], 'key')
  ledger.looked(A, false)
  ledger.shown(A, 'running', false)
  assert.is(ledger.sightings.length, 3)
  assert.match(ledger.sightings[0]!, /key key was for .*a and is now for .*b/)
  assert.match(ledger.sightings[1]!, /is not known/)
  assert.match(ledger.sightings[2]!, /was succeeded and is now running/)
})

test('a line that no job writes is no evidence', () => {
  assert.throws(
    () => readWitness(`start 1 ${A} 1 1100\nstart 1 ${A.slice(4)} 1 1100\n`),
    /no job writes such/,
  )
})

test.run()
