import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ThreadBlock } from '#src/bridge/thread-block.js'

const test = suite('bridge: what a thread shows of itself')

/** A block as its thread has it, and as another thread sees it. */
function setUp() {
  const own = new ThreadBlock()
  return { own, seen: new ThreadBlock(own.buffer) }
}

function read(block: ThreadBlock) {
  const { bell, holder, holderSender, signs, inProgress, backlog, started } = block
  return { bell, holder, holderSender, signs, inProgress, backlog, started }
}

const QUIET = {
  bell: 0,
  holder: 0,
  holderSender: 0,
  signs: 0,
  inProgress: 0,
  backlog: false,
  started: 0,
}

test('at first nothing is going on', () => {
  const { own, seen } = setUp()
  assert.equal(read(own), QUIET)
  assert.equal(read(seen), QUIET)
})

test('the bell counts the rings of all sides', () => {
  const { own, seen } = setUp()
  seen.ring()
  seen.ring()
  own.ring()
  assert.equal(read(own), { ...QUIET, bell: 3 })
  assert.equal(read(seen), { ...QUIET, bell: 3 })
})

test('the holder is seen with its sender for as long as it holds', () => {
  const { own, seen } = setUp()
  own.hold(3, 2 ** 31 - 1)
  assert.equal([seen.holder, seen.holderSender], [2 ** 31 - 1, 3])
  own.release()
  assert.is(seen.holder, 0)
})

test('every start is counted', () => {
  const { own, seen } = setUp()
  for (let i = 1; i <= 3; i++) {
    own.hold(0, i)
    own.release()
    assert.is(seen.started, i)
  }
})

test('aborts are counted, and progress and backlog are as they were last set', () => {
  const { own, seen } = setUp()
  own.giveSign()
  own.giveSign()
  own.inProgress = 64
  seen.backlog = true
  assert.equal(read(seen), { ...QUIET, signs: 2, inProgress: 64, backlog: true })
  assert.equal(read(own), read(seen))
  own.backlog = false
  own.inProgress = 0
  assert.equal(read(seen), { ...QUIET, signs: 2 })
})

test('what was spent on looking for work adds up, and touches nothing else', () => {
  const { own, seen } = setUp()
  assert.is(seen.spun, 0)
  own.addSpun(0.25)
  own.addSpun(1e9)
  assert.is(seen.spun, 1e9 + 0.25)
  assert.equal(read(seen), QUIET)
})

test.run()
