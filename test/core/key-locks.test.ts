import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { KeyLocks } from '#src/core/key-locks.js'

const test = suite('core: which thread has which key')

const KEY = 'key'

/** Says what is told, and to whom. */
function newLocks(): { readonly locks: KeyLocks; told(): string[] } {
  let news: string[] = []
  const locks = new KeyLocks({
    granted: (to, key) => news.push(`${to} has ${key}`),
    wanted: (from, key) => news.push(`${from} is to give back ${key}`),
  })
  const told = (): string[] => {
    const before = news
    news = []
    return before
  }
  return { locks, told }
}

test('who asks for a key that nobody has, has it', () => {
  const { locks, told } = newLocks()
  locks.ask(1, KEY)
  locks.ask(2, 'another')
  assert.equal(told(), ['1 has key', '2 has another'])
})

test('who asks for one that is taken has it after those who asked before, and whoever has it is told once', () => {
  const { locks, told } = newLocks()
  for (const who of [1, 2, 3, 2]) locks.ask(who, KEY)
  assert.equal(told(), ['1 has key', '1 is to give back key'])
  locks.release(1, KEY)
  assert.equal(told(), ['2 has key', '2 is to give back key'])
  locks.ask(1, KEY)
  locks.release(2, KEY)
  assert.equal(told(), ['3 has key', '3 is to give back key'])
  locks.release(3, KEY)
  assert.equal(told(), ['1 has key'])
  locks.release(1, KEY)
  assert.equal(told(), [])
  assert.is(locks.size, 0)
})

test('who has no key gives none back', () => {
  const { locks, told } = newLocks()
  locks.hold(1, KEY)
  locks.release(2, KEY)
  locks.release(1, 'another')
  locks.ask(2, KEY)
  assert.equal(told(), ['1 is to give back key'])
})

test('who has gone is not waited for, and keeps what it has until nothing of it runs', () => {
  const { locks, told } = newLocks()
  for (const who of [1, 2, 3]) locks.ask(who, KEY)
  locks.ask(2, 'another')
  told()
  assert.is(locks.gone(2), true)
  assert.is(locks.gone(1), true)
  locks.ask(4, 'another')
  assert.equal(told(), ['2 is to give back another'])
  locks.releaseAll(1)
  assert.equal(told(), ['3 has key'])
  locks.releaseAll(2)
  assert.equal(told(), ['4 has another'])
  assert.is(locks.gone(2), false)
})

test.run()
