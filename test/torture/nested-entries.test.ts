import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Note } from './journal.js'
import { readJournal } from './nested-entries.js'

const test = suite('torture: what tasks have to say')

test('what a task says of a cancel is read together', () => {
  const terms = {
    retries: 0,
    idempotent: false,
    transfers: false,
    limited: false,
    signalled: false,
    key: null,
    after: [],
  }
  const submitted = {
    what: 'submit',
    task: 9,
    parent: 1,
    thread: 7,
    lane: 'calm',
    name: 'give',
    at: 900,
    ...terms,
  } as const
  const read = (...notes: Note[]) => {
    const [entry] = readJournal([submitted, ...notes]).entries
    return { cancels: entry!.cancels, isCancelling: entry!.isCancelling }
  }
  const cancel = { what: 'cancel', task: 9 } as const
  assert.equal(read(cancel), { cancels: 0, isCancelling: true })
  assert.equal(read(cancel, { what: 'cancelled', task: 9, decided: true }), {
    cancels: 1,
    isCancelling: false,
  })
  assert.equal(read(cancel, { what: 'cancelled', task: 9, decided: false }), {
    cancels: 0,
    isCancelling: false,
  })
})

test.run()
