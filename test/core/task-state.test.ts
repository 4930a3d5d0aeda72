import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import {
  isFinal,
  matches,
  mayFollow,
  TASK_STATE_GROUPS,
  TASK_STATES,
  TRANSITIONS,
} from '#src/core/task-state.js'
import { repoRoot } from '../support/repo-root.js'

const test = suite('core: the states of a task')

const FINAL = ['DONE', 'FAILED', 'TIMED_OUT', 'CANCELED']

/** The rows of the table in the file's doc comment: each state with those it is entered from. */
function documented(): Map<string, string[]> {
  const source = readFileSync(join(repoRoot, 'src', 'core', 'task-state.ts'), 'utf8')
  const comment = source.slice(source.indexOf('/**'), source.indexOf('*/'))
  const rows = new Map<string, string[]>()
  for (const line of comment.split('\n')) {
    const [, state, , from] = line.split('|').map(cell => cell.trim())
    if (state === undefined || from === undefined || !/^[A-Z_]+$/.test(state)) continue
    const sources =
      from === 'any that is not final'
        ? TASK_STATES.filter(name => !FINAL.includes(name))
        : from
            .replaceAll(/\([^)]*\)/g, '')
            .split(',')
            .map(name => name.trim())
            .filter(name => name !== '')
    rows.set(state, sources)
  }
  return rows
}

test('the documented table names the states there are, in their order', () => {
  assert.equal([...documented().keys()], [...TASK_STATES])
})

test('every documented transition is allowed, and every allowed one is documented', () => {
  const rows = documented()
  TASK_STATES.forEach((from, i) => {
    TASK_STATES.forEach((to, k) => {
      const inTable = rows.get(to)!.includes(from)
      assert.is(TRANSITIONS[i]!.includes(k), inTable, `TRANSITIONS: ${from} → ${to}`)
      assert.is(mayFollow(i, k), inTable, `mayFollow: ${from} → ${to}`)
    })
  })
})

test('nothing follows a final state, and each other state can reach every final one', () => {
  TASK_STATES.forEach((name, state) => {
    assert.is(isFinal(state), FINAL.includes(name))
    if (isFinal(state)) {
      assert.equal(TRANSITIONS[state], [])
      return
    }
    const reached = new Set([state])
    for (const one of reached) for (const next of TRANSITIONS[one]!) reached.add(next)
    assert.equal(
      FINAL.filter(final => !reached.has(TASK_STATES.indexOf(final as never))),
      [],
    )
  })
})

test('numbers that are no state follow nothing and are followed by nothing', () => {
  for (const odd of [-1, TASK_STATES.length, 99]) {
    TASK_STATES.forEach((_, state) => {
      assert.not(mayFollow(odd, state))
    })
  }
  assert.not(mayFollow(3, TASK_STATES.length))
})

test('the groups are what they are said to be', () => {
  assert.equal(TASK_STATE_GROUPS.RUNNING, ['STARTED'])
  assert.equal(TASK_STATE_GROUPS.FINISHED, FINAL)
  assert.ok(Object.isFrozen(TASK_STATE_GROUPS))
})

test('a state matches itself and its groups, and nothing else', () => {
  for (const state of TASK_STATES) {
    for (const wanted of TASK_STATES) assert.is(matches(state, wanted), state === wanted)
    assert.is(matches(state, 'RUNNING'), state === 'STARTED')
    assert.is(matches(state, 'FINISHED'), FINAL.includes(state))
  }
})

test.run()
