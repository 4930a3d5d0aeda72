import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { type CallTarget, Task } from '#src/core/task.js'
import { SubmissionSites } from '#src/lanes/submission-site.js'
import { withMadeStacks } from '../support/made-stacks.js'

const test = suite('lanes: where tasks were submitted')

let sequence = 0
function taskOf(target: CallTarget): Task {
  return new Task(target, ++sequence, [], 0, null, null)
}

function setUp() {
  const sites = new SubmissionSites()
  sites.isWanted = true
  const target: CallTarget = { name: 'quote', lane: 'a', owner: null, index: 0, mean: 0 }
  const note = (task = taskOf(target)): Task => {
    sites.note(task)
    return task
  }
  return { sites, target, note }
}

test('nothing is known of what nobody wanted to know', () => {
  const { sites, note } = setUp()
  sites.isWanted = false
  assert.equal(sites.reportedSlow(note()), { submittedAt: undefined, isExactPlace: false })
})

test('the first ones are known exactly, later ones by the last of their function', () => {
  const { sites, note } = setUp()
  const tasks = Array.from({ length: 60 }, () => note())
  assert.is(sites.reportedSlow(tasks[0]!).isExactPlace, true)
  assert.is(sites.reportedSlow(tasks[49]!).isExactPlace, true)
  const { submittedAt, isExactPlace } = sites.reportedSlow(tasks[50]!)
  assert.is(isExactPlace, false)
  assert.match(submittedAt ?? '', 'submission-site.test.js')
})

test('each of a function that has been slow is known, and of another it is not', () => {
  const { sites, note } = setUp()
  const other: CallTarget = { name: 'other', lane: 'a', owner: null, index: 1, mean: 0 }
  for (let i = 0; i < 100; i++) {
    note()
    note(taskOf(other))
  }
  sites.reportedSlow(note())
  assert.is(sites.reportedSlow(note()).isExactPlace, true)
  assert.is(sites.reportedSlow(note(taskOf(other))).isExactPlace, false)
})

test('the latest thousand are kept', () => {
  const { sites, note } = setUp()
  const first = note()
  sites.reportedSlow(first)
  const tasks = Array.from({ length: 1500 }, () => note())
  assert.is(sites.reportedSlow(tasks[499]!).isExactPlace, false)
  assert.is(sites.reportedSlow(tasks[500]!).isExactPlace, true)
})

test('nothing is told of a place whose stack the program has made something else of', async () => {
  const { sites, note } = setUp()
  await withMadeStacks(() => {
    assert.equal(sites.reportedSlow(note()), { submittedAt: undefined, isExactPlace: true })
  })
})

test.run()
